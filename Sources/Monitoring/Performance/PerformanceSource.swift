package import Core

/// One prediction as it is judged.
package struct PerformanceRow: Sendable, Equatable {
    /// The version that answered.
    package let version: Int
    /// When it answered.
    package let at: Timestamp
    /// The inputs in the order of the model's columns; NaN is missing.
    package let features: [Float]
    /// The predicted class by name, or the value in digits.
    package let prediction: String
    /// The probability of class 1 of two, of the predicted class of several, or the value.
    package let score: Double
    /// The truth, when it has come.
    package let label: String?

    /// A row from its parts.
    package init(
        version: Int,
        at: Timestamp,
        features: [Float],
        prediction: String,
        score: Double,
        label: String?
    ) {
        self.version = version
        self.at = at
        self.features = features
        self.prediction = prediction
        self.score = score
        self.label = label
    }
}

/// What must be known of a model version to judge its predictions.
package struct PerformanceModel: Sendable, Equatable {
    /// Whose probability the score of a prediction is.
    package enum Score: String, Sendable {
        /// That of the second of two classes.
        case positive
        /// That of the predicted class.
        case predicted
        /// The prediction itself is a number: the probability of class 1, where labels are 0 and 1.
        case probability
        /// Nobody knows; or the prediction is a value.
        case none
    }

    /// The class names by index, empty for a regression, nil when nobody knows.
    package let classes: [String]?
    /// The names of the features in the order of the rows.
    package let features: [String]
    /// What the scores of classes are.
    package let score: Score
    /// The rows that came with the version: a reference when they hold `target` and `prediction`.
    package let reference: Table?

    /// A model from its parts.
    package init(classes: [String]?, features: [String], score: Score, reference: Table? = nil) {
        self.classes = classes
        self.features = features
        self.score = score
        self.reference = reference
    }
}

/// A monitor that judges performance.
package struct WatchedPerformance: Sendable, Equatable {
    /// The monitor's name.
    package let monitor: String
    /// The deployment that it watches.
    package let deployment: String
    /// How it judges.
    package let spec: PerformanceSpec

    /// A monitor from its parts.
    package init(monitor: String, deployment: String, spec: PerformanceSpec) {
        self.monitor = monitor
        self.deployment = deployment
        self.spec = spec
    }
}

/// Where predictions, labels and models come from.
package struct PerformanceSource: Sendable {
    /// The newest predictions of a deployment since a time, at most so many, oldest first.
    package let rows:
        @Sendable (_ deployment: String, _ limit: Int, _ since: Timestamp) async throws -> [PerformanceRow]
    /// A text that changes when predictions or labels come.
    package let fingerprint: @Sendable (_ deployment: String, _ since: Timestamp) async throws -> String
    /// The model of a version; nil when it is not known any more.
    package let model: @Sendable (_ deployment: String, _ version: Int) async throws -> PerformanceModel?
    /// The monitors that judge performance.
    package let watched: @Sendable () async -> [WatchedPerformance]

    /// A source from its closures.
    package init(
        rows:
            @escaping @Sendable (_ deployment: String, _ limit: Int, _ since: Timestamp) async throws
            -> [PerformanceRow],
        fingerprint: @escaping @Sendable (_ deployment: String, _ since: Timestamp) async throws -> String,
        model: @escaping @Sendable (_ deployment: String, _ version: Int) async throws -> PerformanceModel?,
        watched: @escaping @Sendable () async -> [WatchedPerformance]
    ) {
        self.rows = rows
        self.fingerprint = fingerprint
        self.model = model
        self.watched = watched
    }
}
