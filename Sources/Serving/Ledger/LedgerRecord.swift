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
    /// The inputs in the order of the model's columns; NaN is missing.
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
}

extension LedgerRecord {
    /// Whether stable version and candidate were right; nil without a label, or outside a rollout.
    ///
    /// Classes are compared by name. For numbers the nearer one counts as right, both when they are equally near.
    var outcome: LabelOutcome? {
        guard let label, let rollout, arm != .pinned else { return nil }
        let own: Bool?
        let other: Bool?
        if let truth = Double(label), let shadowScore, Double(prediction) != nil {
            let (ownDistance, otherDistance) = (abs(score - truth), abs(shadowScore - truth))
            (own, other) = (ownDistance <= otherDistance, otherDistance <= ownDistance)
        } else if Double(label) != nil, Double(prediction) != nil {
            (own, other) = (nil, nil)
        } else {
            (own, other) = (prediction == label, shadowPrediction.map { $0 == label })
        }
        let armIsStable = arm == .stable
        return LabelOutcome(
            rollout: rollout,
            step: step,
            arm: armIsStable ? .stable : .candidate,
            stableIsRight: armIsStable ? own : other,
            candidateIsRight: armIsStable ? other : own
        )
    }

    /// The record as the API shows it.
    package var json: JSONValue {
        var object: JSONObject = [
            "request_id": .string(id),
            "deployment": .string(deployment),
            "version": .int(version),
            "arm": .string(arm.rawValue),
            "protocol": .string(via),
            "features": .array(features.map { $0.isNaN ? .null : .number(Self.shortest($0)) }),
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
        if let label {
            object["label"] = .string(label)
            object["labelled_at"] = .optional(labelledAt?.milliseconds)
        }
        return .object(object)
    }

    /// The shortest decimal that names the same 32-bit number, so that 17.99 stays 17.99.
    static func shortest(_ value: Float) -> Double {
        value.isFinite ? Double(value.description) ?? Double(value) : Double(value)
    }
}
