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
        let progress = detail.loop.progress
        object["outputs"] = .object(progress.outputs)
        object["gate"] = progress.verdict.map(JSONValue.object) ?? .null
        object["approvals"] = .array(progress.approvals.map(\.json))
        object["cancellation"] = progress.cancellation?.json ?? .null
        object["definition"] = .object(detail.loop.trigger.definition)
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
            "conditions": .array(status.trigger.conditions.map { .string($0.source) }),
            "pipeline": .string(status.trigger.pipeline),
            "model": .string(status.trigger.model),
            "alias": .string(status.trigger.alias),
            "definition": .object(status.trigger.definition),
        ]
        object["waiting"] = .optional(status.waiting?.message)
        object["signals"] = .array(
            status.signals.map { standing in
                [
                    "source": .string(standing.source), "kind": .string(standing.signal.kind.rawValue),
                    "message": .string(standing.signal.message), "evidence": .object(standing.signal.evidence),
                    "at": .integer(standing.at.milliseconds),
                ]
            }
        )
        object["refusal"] = .optional(status.refusal?.message)
        object["next_fire_at"] = .optional(status.nextFireAt?.milliseconds)
        object["open_loop"] = .optional(status.openLoop)
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
        object["champion_version"] = .optional(progress.champion.map(Int64.init))
        object["weight"] = .optional(progress.weight.map(Int64.init))
        object["commit"] = .optional(progress.commit)
        if progress.state == .awaitingApproval, let rule = loop.trigger.approval {
            object["awaiting"] = [
                "stage": .optional(progress.awaiting?.rawValue),
                "by": .array(rule.approvers.map(JSONValue.string)),
                "expires_at": .integer((progress.enteredAt + rule.expires).milliseconds),
            ]
        }
        return object
    }
}
