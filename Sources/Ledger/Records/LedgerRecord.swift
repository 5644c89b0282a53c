package import Core

/// One predicted row as the ledger keeps it.
package struct LedgerRecord: Sendable, Equatable {
    /// The prediction's id, by which a label finds it.
    package var id: String
    /// The deployment that answered.
    package var deployment: String
    /// The version that answered.
    package var version: Int
    /// How the version was chosen.
    package var arm: LedgerArm
    /// The rollout in progress and its step; nil outside one.
    package var rollout: String?
    /// The rollout's step; 0 outside one.
    package var step: Int
    /// The protocol of the request.
    package var via: String
    /// The inputs in the order of the model's columns; NaN is missing, and `LedgerRecord.redacted` was never kept.
    package var features: [Float]
    /// The predicted class by name, or the value in digits.
    package var prediction: String
    /// Probability of class 1, of the predicted class, or the value.
    package var score: Double
    /// The other version that scored the row; nil outside a rollout.
    package var shadowVersion: Int?
    /// Its prediction.
    package var shadowPrediction: String?
    /// Its score.
    package var shadowScore: Double?
    /// The model's time for the request, in microseconds.
    package var microseconds: Int64
    /// The drift verdict returned with the answer.
    package var drift: Bool
    /// When it was answered.
    package var createdAt: Timestamp
    /// The truth, when it came.
    package var label: String?
    /// When it came.
    package var labelledAt: Timestamp?
    /// When the truth was observed.
    package var observedAt: Timestamp?
    /// The key of what the prediction is about; nil when the deployment names none.
    package var entity: String?
    /// Whether the inputs or the answer were longer than what is kept, and were cut.
    package var isCut: Bool

    /// Makes a record.
    package init(
        id: String,
        deployment: String,
        version: Int,
        arm: LedgerArm,
        rollout: String?,
        step: Int,
        via: String,
        features: [Float],
        prediction: String,
        score: Double,
        shadowVersion: Int?,
        shadowPrediction: String?,
        shadowScore: Double?,
        microseconds: Int64,
        drift: Bool,
        createdAt: Timestamp,
        label: String? = nil,
        labelledAt: Timestamp? = nil,
        observedAt: Timestamp? = nil,
        entity: String? = nil,
        isCut: Bool = false
    ) {
        self.id = id
        self.deployment = deployment
        self.version = version
        self.arm = arm
        self.rollout = rollout
        self.step = step
        self.via = via
        self.features = features
        self.prediction = prediction
        self.score = score
        self.shadowVersion = shadowVersion
        self.shadowPrediction = shadowPrediction
        self.shadowScore = shadowScore
        self.microseconds = microseconds
        self.drift = drift
        self.createdAt = createdAt
        self.label = label
        self.labelledAt = labelledAt
        self.observedAt = observedAt
        self.entity = entity
        self.isCut = isCut
    }
}

extension LedgerRecord {
    /// The record as the API shows it.
    package var json: JSONValue {
        var object: JSONObject = [
            "request_id": .string(id),
            "deployment": .string(deployment),
            "version": .int(version),
            "arm": .string(arm.rawValue),
            "protocol": .string(via),
            "features": .array(features.map { $0.isFinite ? .number(Self.shortest($0)) : .null }),
            "prediction": .string(prediction),
            "score": .number(score),
            "latency_us": .integer(microseconds),
            "drift_detected": .bool(drift),
            "created_at": .integer(createdAt.milliseconds),
        ]
        if let rollout {
            object["rollout"] = .string(rollout)
            object["step"] = .int(step)
        }
        if let shadowVersion {
            object["shadow_version"] = .int(shadowVersion)
            object["shadow_prediction"] = .optional(shadowPrediction)
            object["shadow_score"] = .optional(shadowScore)
        }
        let redacted = redactedColumns
        if !redacted.isEmpty { object["redacted"] = .array(redacted.map { .int($0) }) }
        if isCut { object["cut"] = true }
        if let entity { object["entity"] = .string(entity) }
        if let label {
            object["label"] = .string(label)
            object["labelled_at"] = .optional(labelledAt?.milliseconds)
            object["observed_at"] = .optional(observedAt?.milliseconds)
            object["correct"] = .bool(isCorrect ?? false)
        }
        return .object(object)
    }

    /// The shortest decimal that names the same 32-bit number, so that 17.99 stays 17.99.
    package static func shortest(_ value: Float) -> Double {
        value.isFinite ? Double(value.description) ?? Double(value) : Double(value)
    }

    /// What stands in place of a value that is never kept: a NaN of its own, which no client can send.
    package static let redacted = Float(nan: 0x15_eda, signaling: false)

    /// Whether a value was redacted.
    package static func isRedacted(_ value: Float) -> Bool {
        value.bitPattern == redacted.bitPattern
    }

    /// The columns whose values were never kept, by position.
    package var redactedColumns: [Int] {
        features.indices.filter { Self.isRedacted(features[$0]) }
    }

    /// Whether the prediction is what the label says; nil without a label.
    package var isCorrect: Bool? { label.map { $0 == prediction } }

    /// The distance between prediction and label when both are numbers.
    package var error: Double? {
        guard let label, let truth = Double(label), let said = Double(prediction), truth.isFinite, said.isFinite else {
            return nil
        }
        return said - truth
    }
}
