package import Core
package import Ledger

/// What one model says of one row.
package struct ReplayAnswer: Sendable, Equatable {
    /// The class by name, or the value in digits; as the ledger writes it.
    package let prediction: String
    /// Probability of class 1, of the predicted class, or the value.
    package let score: Double

    /// Makes an answer.
    package init(prediction: String, score: Double) {
        self.prediction = prediction
        self.score = score
    }
}

/// A model that rows of the ledger are put to.
package struct ReplayModel: Sendable {
    /// The version.
    package let version: Int
    /// The input columns in the model's order.
    package let columns: [String]
    /// Names of the classes; empty for a model that answers with numbers.
    package let classes: [String]
    /// Answers `count` rows of the model's columns, row-major.
    package let answer: @Sendable (_ rows: [Float], _ count: Int) async throws -> [ReplayAnswer]
    /// Lets go of what the model holds; called once, when the replay is over.
    package let close: @Sendable () async -> Void

    /// Makes a model from its function.
    package init(
        version: Int,
        columns: [String],
        classes: [String],
        answer: @escaping @Sendable (_ rows: [Float], _ count: Int) async throws -> [ReplayAnswer],
        close: @escaping @Sendable () async -> Void = {}
    ) {
        self.version = version
        self.columns = columns
        self.classes = classes
        self.answer = answer
        self.close = close
    }
}

/// Where replays find predictions and models; Server joins them to the ledger, the registry and the deployments.
package struct ReplaySources: Sendable {
    /// A page of a deployment's predictions in a window, newest first, that stand before a position.
    package let page:
        @Sendable (_ deployment: String, _ window: Range<Timestamp>, _ before: LedgerPosition?, _ limit: Int)
            async throws -> [LedgerRow]
    /// The registered model and version that a text such as `models:/cancer/7` or `models:/cancer@challenger` names.
    package let resolve: @Sendable (_ reference: String) async throws -> (model: String, version: Int)
    /// Loads a version for a replay alone, apart from those that serve.
    package let load: @Sendable (_ model: String, _ version: Int) async throws -> ReplayModel
    /// The registered model that a deployment serves and its trusted version; throws `notFound` for an unknown one.
    package let serving: @Sendable (_ deployment: String) async throws -> (model: String, version: Int?)
    /// The input columns of a version that a deployment served, in the order in which the ledger keeps them; nil when
    /// nobody knows them any more.
    package let columns: @Sendable (_ deployment: String, _ version: Int) async throws -> [String]?

    /// Makes the sources from their functions.
    package init(
        page:
            @escaping @Sendable (
                _ deployment: String, _ window: Range<Timestamp>, _ before: LedgerPosition?, _ limit: Int
            ) async throws -> [LedgerRow],
        resolve: @escaping @Sendable (_ reference: String) async throws -> (model: String, version: Int),
        load: @escaping @Sendable (_ model: String, _ version: Int) async throws -> ReplayModel,
        serving: @escaping @Sendable (_ deployment: String) async throws -> (model: String, version: Int?),
        columns: @escaping @Sendable (_ deployment: String, _ version: Int) async throws -> [String]?
    ) {
        self.page = page
        self.resolve = resolve
        self.load = load
        self.serving = serving
        self.columns = columns
    }
}
