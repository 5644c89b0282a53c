package import Core
import Runtimes

/// What the monitor says about a deployment's traffic.
package struct DriftSignal: Sendable, Equatable {
    /// Whether the recent inputs differ from the reference.
    package let isDetected: Bool
    /// The version whose reference was compared; nil when the monitor does not say.
    package let version: Int?
    /// What the last evaluation found; nil before one.
    package let finding: DriftFinding?

    /// Makes a signal.
    package init(isDetected: Bool, version: Int? = nil, finding: DriftFinding? = nil) {
        self.isDetected = isDetected
        self.version = version
        self.finding = finding
    }
}

/// What a monitor found, written once for all answers that carry it.
package struct DriftFinding: Sendable, Equatable {
    /// The finding as a JSON object: `score`, `p_value` where there is one, `window`, `detector`, `monitor` and `since`.
    package let object: [UInt8]
    /// The same as members of Open Inference V2 parameters, which take no objects: `,"drift_score":…` and so on.
    package let parameters: [UInt8]

    /// Writes a finding.
    ///
    /// - Parameters:
    ///   - monitor: The monitor that speaks.
    ///   - detector: The detector that speaks for it.
    ///   - score: Its statistic.
    ///   - pValue: The statistic's p-value; nil for a distance.
    ///   - window: Rows that were compared.
    ///   - since: When the monitor's state was entered.
    package init(monitor: String, detector: String, score: Double, pValue: Double?, window: Int, since: Timestamp) {
        var members: JSONObject = ["score": .number(score)]
        if let pValue { members["p_value"] = .number(pValue) }
        members["window"] = .int(window)
        members["detector"] = .string(detector)
        members["monitor"] = .string(monitor)
        members["since"] = .integer(since.milliseconds)
        object = JSONValue.object(members).serialized()
        var flat: [UInt8] = []
        for (key, value) in members.pairs {
            flat.append(contentsOf: ",\"drift_\(key)\":".utf8)
            flat.append(contentsOf: value.serialized())
        }
        parameters = flat
    }
}

/// One answered request, as monitors see it.
package struct ObservedPrediction: Sendable {
    /// What the model was given.
    package enum Inputs: Sendable {
        /// Numbers, row-major, in the order of the model's inputs; NaN is missing.
        case rows([Float])
        /// Columns by name: numbers or texts.
        case columns([ObservedColumn])
    }

    /// The deployment that answered.
    package let deployment: String
    /// The version that answered.
    package let version: Int
    /// Its model, which knows the inputs' names and what outputs mean.
    package let model: LoadedModel
    /// What it was given.
    package let inputs: Inputs
    /// Outputs of a model of rows, row-major; of another model the number that is its answer to each row, 0 for none.
    package let outputs: [Float]
    /// The answer to each row in short, of a model that does not answer in rows of numbers; else nil.
    package let answers: [String]?
    /// Number of rows.
    package let rows: Int
    /// When it was answered.
    package let now: Timestamp
}

/// One input of several rows, as monitors see it.
package struct ObservedColumn: Sendable {
    /// The values, one for each row.
    package enum Values: Sendable {
        /// Numbers; NaN is missing.
        case numbers([Float])
        /// Texts.
        case texts([String?])
    }

    /// The input's name.
    package let name: String
    /// The values.
    package let values: Values
}

extension ObservedPrediction {
    /// What can be told apart by rows and columns; nil for a call of which nothing can.
    init?(
        _ input: ModelInput,
        _ values: LedgerValues,
        _ count: Int,
        _ served: ServedModel,
        _ loaded: LoadedModel,
        _ now: Timestamp
    ) {
        deployment = served.deployment
        version = served.version
        model = loaded
        rows = count
        self.now = now
        switch values {
        case .rows(let features, let answers):
            inputs = .rows(features)
            outputs = answers
            self.answers = nil
        case .general(let features, let answers, _):
            outputs = answers.map { Float($0.score) }
            self.answers = answers.map(\.prediction)
            if !loaded.inputs.isEmpty, features.count == count, features.first?.count == loaded.inputs.count {
                inputs = .rows(features.flatMap(\.self))
            } else if let columns = ObservedColumn.all(in: input, rows: count) {
                inputs = .columns(columns)
            } else {
                return nil
            }
        }
    }
}

extension ObservedColumn {
    /// The columns of a table of tensors; nil when a tensor is no column, or there are too many.
    static func all(in input: ModelInput, rows: Int) -> [ObservedColumn]? {
        guard case .tensors(let tensors, _) = input, rows > 0, !tensors.isEmpty,
            tensors.count <= ServingLimits.ledgerValuesPerRow
        else { return nil }
        var columns: [ObservedColumn] = []
        for named in tensors {
            guard named.tensor.count == rows, !named.name.isEmpty else { return nil }
            if named.tensor.dataType == .bytes {
                let texts = named.tensor.texts.map { Optional(String(decoding: $0, as: UTF8.self)) }
                columns.append(ObservedColumn(name: named.name, values: .texts(texts)))
            } else if let numbers = named.tensor.floats {
                columns.append(ObservedColumn(name: named.name, values: .numbers(numbers)))
            }
        }
        return columns.isEmpty ? nil : columns
    }
}

/// Watches predictions; called on the request path, so both functions must be quick and must not block.
package protocol PredictionObserver: Sendable {
    /// Takes note of an answered request.
    func observe(_ prediction: ObservedPrediction)
    /// The present verdict; nil when nothing watches the deployment or there are too few rows.
    func driftSignal(deployment: String) -> DriftSignal?
}
