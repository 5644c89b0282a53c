package import Core
package import Sampling

/// A study as it is stored, without its trials.
package struct StudyRecord: Sendable, Equatable {
    /// Its id.
    package let id: String
    /// Its name, unique in the workspace.
    package let name: String
    /// What it searches for.
    package let spec: StudySpec
    /// Who created it.
    package let owner: String
    /// The run beneath which its trials are recorded; nil before there is one.
    package var runID: String?
    /// Whether somebody else records its trials, such as a tuning task.
    package let isRecordedElsewhere: Bool
    /// Counts its changes.
    package var revision: Int64
    /// How many trials it has.
    package var trialCount: Int
    /// How many trials have ended.
    package var endingCount: Int
    /// When it was created.
    package let createdAt: Timestamp
    /// When a trial last changed.
    package var updatedAt: Timestamp

    /// The study for the API.
    package var json: JSONValue {
        var object: JSONObject = ["name": .string(name), "id": .string(id)]
        for (key, value) in spec.json.pairs { object[key] = value }
        object["trial_count"] = .int(trialCount)
        object["ended_count"] = .int(endingCount)
        object["created_by"] = .string(owner)
        object["run_id"] = .optional(runID)
        object["created_at"] = .integer(createdAt.milliseconds)
        object["updated_at"] = .integer(updatedAt.milliseconds)
        return .object(object)
    }
}

/// A trial as it is stored.
package struct TrialRecord: Sendable, Equatable {
    /// What samplers see of it.
    package var trial: Trial
    /// Who works on it, in the worker's own words.
    package var worker: String
    /// How often it was put in line again before.
    package var attempt: Int
    /// The run that records it; nil before there is one.
    package var runID: String?
    /// Why it failed.
    package var message: String
    /// What the worker says of it.
    package var attributes: JSONObject
    /// When it was asked for or put in line.
    package var createdAt: Timestamp
    /// When a worker took it; nil while it waits.
    package var startedAt: Timestamp?
    /// When it ended; nil before.
    package var endedAt: Timestamp?

    /// The trial for the API.
    package func json(_ spec: StudySpec, reports: Bool = true) -> JSONValue {
        var object: JSONObject = [
            "number": .int(trial.number), "state": .string(trial.state.rawValue),
            "params": .object(spec.space.json(of: trial.values)),
        ]
        if !trial.objectives.isEmpty { object["values"] = .array(trial.objectives.map(StoredNumber.json)) }
        if let first = trial.objectives.first, trial.objectives.count == 1 {
            object["value"] = StoredNumber.json(first)
        }
        if reports, !trial.reports.isEmpty {
            object["reports"] = .array(
                trial.reports.map { ["step": .int($0.step), "value": StoredNumber.json($0.value)] }
            )
        }
        if !worker.isEmpty { object["worker"] = .string(worker) }
        if attempt > 0 { object["attempt"] = .int(attempt) }
        if let runID { object["run_id"] = .string(runID) }
        if !message.isEmpty { object["message"] = .string(message) }
        if !attributes.isEmpty { object["attributes"] = .object(attributes) }
        object["created_at"] = .integer(createdAt.milliseconds)
        object["started_at"] = .optional(startedAt?.milliseconds)
        object["ended_at"] = .optional(endedAt?.milliseconds)
        return .object(object)
    }
}

/// Numbers that JSON has no word for, in the words that Python reads.
enum StoredNumber {
    static func json(_ value: Double) -> JSONValue {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "Infinity" : "-Infinity" }
        return .number(value)
    }

    /// The number, nil for anything else.
    static func value(_ json: JSONValue) -> Double? {
        if let number = json.doubleValue { return number }
        switch json {
        case .null, .string("NaN"): return .nan
        case .string("Infinity"), .string("inf"): return .infinity
        case .string("-Infinity"), .string("-inf"): return -.infinity
        default: return nil
        }
    }
}
