import Core

/// The wire form of triggers and loops.
///
/// Times are milliseconds since 1970, durations are milliseconds.
enum LoopJSON {
    static func loop(_ loop: LoopRecord, now: Timestamp) -> JSONValue {
        .object(members(of: loop, now: now))
    }

    static func detail(_ detail: LoopDetail, now: Timestamp) -> JSONValue {
        var object = members(of: detail.loop, now: now)
        object["outputs"] = .object(detail.loop.progress.outputs)
        object["phases"] = .array(
            detail.phases.map { phase in
                [
                    "state": .string(phase.state.rawValue),
                    "started_at": .integer(phase.startedAt.milliseconds),
                    "ended_at": .optional(phase.endedAt?.milliseconds),
                    "duration_ms": .integer(phase.duration(now: now).wholeMilliseconds),
                ]
            }
        )
        object["events"] = .array(
            detail.events.map { event in
                [
                    "sequence": .integer(event.sequence),
                    "at": .integer(event.at.milliseconds),
                    "state": .string(event.state.rawValue),
                    "message": .string(event.message),
                    "evidence": .object(event.evidence),
                    "links": .object(event.links),
                ]
            }
        )
        return .object(object)
    }

    static func trigger(_ status: TriggerStatus) -> JSONValue {
        var object: JSONObject = [
            "name": .string(status.trigger.name),
            "monitor": .optional(status.trigger.monitor),
            "pipeline": .string(status.trigger.pipeline),
            "model": .string(status.trigger.model),
            "alias": .string(status.trigger.alias),
            "definition": .object(status.trigger.definition),
        ]
        object["waiting"] = .optional(status.waiting?.message)
        object["refusal"] = .optional(status.refusal?.message)
        return .object(object)
    }

    private static func members(of loop: LoopRecord, now: Timestamp) -> JSONObject {
        let progress = loop.progress
        var object: JSONObject = [
            "id": .string(loop.id),
            "trigger": .string(loop.trigger.name),
            "model": .string(loop.trigger.model),
            "alias": .string(loop.trigger.alias),
            "pipeline": .string(loop.trigger.pipeline),
            "state": .string(progress.state.rawValue),
            "signal": [
                "kind": .string(loop.signal.kind.rawValue),
                "message": .string(loop.signal.message),
                "evidence": .object(loop.signal.evidence),
            ],
        ]
        object["opened_at"] = .integer(loop.openedAt.milliseconds)
        object["finished_at"] = .optional(progress.finishedAt?.milliseconds)
        object["duration_ms"] = .integer(loop.duration(now: now).wholeMilliseconds)
        object["pipeline_run"] = .optional(progress.runID)
        object["version"] = .optional(progress.version.map(Int64.init))
        object["weight"] = .optional(progress.weight.map(Int64.init))
        return object
    }
}
