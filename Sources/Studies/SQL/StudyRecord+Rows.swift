import Core
import Sampling
import Storage

extension StudyRecord {
    init(_ row: Row) throws(MartletError) {
        self.init(
            id: try row.text("id"),
            name: try row.text("name"),
            spec: try StudySpec(JSONFields(try row.json("spec"), path: "spec")),
            owner: try row.text("owner"),
            runID: row.optionalText("run_id"),
            isRecordedElsewhere: try row.bool("is_recorded_elsewhere"),
            revision: try row.int("revision"),
            trialCount: Int(try row.int("trial_count")),
            endingCount: Int(try row.int("ending_count")),
            createdAt: try row.timestamp("created_at"),
            updatedAt: try row.timestamp("updated_at")
        )
    }
}

extension TrialRecord {
    init(_ row: Row, _ spec: StudySpec) throws(MartletError) {
        self.init(
            trial: try Trial(row, spec),
            worker: try row.text("worker"),
            attempt: Int(try row.int("attempt")),
            runID: row.optionalText("run_id"),
            message: try row.text("message"),
            attributes: try row.json("attributes").objectValue ?? [:],
            createdAt: try row.timestamp("created_at"),
            startedAt: row.optionalTimestamp("started_at"),
            endedAt: row.optionalTimestamp("ended_at")
        )
    }
}

extension Trial {
    /// A trial without its reports.
    init(_ row: Row, _ spec: StudySpec) throws(MartletError) {
        let params = try row.json("params").objectValue ?? [:]
        guard let state = State(rawValue: try row.text("state")) else {
            throw MartletError(.dataLoss, "A trial has a state that this version does not know.")
        }
        self.init(
            number: Int(try row.int("number")),
            values: try spec.space.values(of: params, path: "params"),
            state: state,
            objectives: Self.numbers(try row.json("objectives")),
            tieBreak: try row.double("tie_break"),
            rungs: Self.numbers(try row.json("rungs")),
            generation: row.optionalInt("generation").map(Int.init),
            ending: row.optionalInt("ending").map(Int.init)
        )
    }

    private static func numbers(_ json: JSONValue) -> [Double] {
        (json.arrayValue ?? []).map { StoredNumber.value($0) ?? .nan }
    }

    static func text(_ numbers: [Double]) -> SQLValue {
        numbers.isEmpty ? "[]" : .text(JSONValue.array(numbers.map(StoredNumber.json)).description)
    }
}
