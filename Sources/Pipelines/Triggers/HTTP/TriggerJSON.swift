import Core
import Schedules

/// Triggers, firings and backfills as the API shows them.
enum TriggerJSON {
    static func trigger(_ view: TriggerService.View) -> JSONValue {
        let record = view.record
        var object: JSONObject = [
            "pipeline": .string(record.pipeline), "trigger": .string(record.trigger.name),
            "kind": .string(kind(record.trigger.kind)), "when": .string(text(record.trigger.kind)),
            "definition": .object(record.trigger.document), "declared_at": .integer(record.declaredAt.milliseconds),
            "paused": .bool(record.pausedAt != nil), "paused_at": .optional(record.pausedAt?.milliseconds),
            "paused_by": .optional(record.pausedBy),
        ]
        if case .schedule(let times) = record.trigger.kind {
            object["timezone"] = .string(times.timetable.zone.name)
            object["next_at"] = .optional(record.next?.milliseconds)
            object["next"] = .optional(record.next.map { times.timetable.zone.text(of: $0) })
            object["missed"] = .integer(record.missed)
        }
        object["last"] = view.last.map(firing) ?? .null
        return .object(object)
    }

    static func kind(_ kind: TriggerKind) -> String {
        switch kind {
        case .schedule(let times):
            switch times.timetable {
            case .cron: "cron"
            case .interval: "interval"
            }
        case .event(let condition): condition.noun.rawValue
        case .webhook: "webhook"
        case .manual: "manual"
        }
    }

    /// When it fires, in a few words.
    static func text(_ kind: TriggerKind) -> String {
        switch kind {
        case .schedule(let times): return times.timetable.text
        case .event(let condition):
            let data = condition.data.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return ([condition.types.joined(separator: ", ")] + [condition.subject].compactMap(\.self) + data)
                .joined(separator: " ")
        case .webhook(let rule): return "\(rule.scheme.rawValue), at most \(rule.perMinute) a minute"
        case .manual: return "by hand"
        }
    }

    static func firing(_ firing: TriggerFiring) -> JSONValue {
        [
            "key": .string(firing.key), "logical_at": .integer(firing.logicalAt.milliseconds),
            "fired_at": .integer(firing.firedAt.milliseconds), "run": .optional(firing.run),
            "run_state": .optional(firing.runState), "error": .optional(firing.error),
            "event": firing.event.map(JSONValue.object) ?? .null, "by": .optional(firing.by),
            "backfill": .optional(firing.backfill),
        ]
    }

    static func backfill(_ backfill: Backfill, states: [String: Int]? = nil) -> JSONValue {
        var object: JSONObject = [
            "id": .string(backfill.id), "pipeline": .string(backfill.pipeline),
            "trigger": .string(backfill.trigger.name), "state": .string(backfill.state.rawValue),
            "from": .integer(backfill.from.milliseconds), "to": .integer(backfill.through.milliseconds),
            "chunk": .int(backfill.chunk), "times": .int(backfill.times), "runs": .int(backfill.runs),
            "max_active": .int(backfill.active), "rerun": .string(backfill.selection.rawValue),
            "parameters": .object(backfill.parameters), "priority": .int(backfill.priority),
            "position": .optional(backfill.position?.milliseconds), "started": .int(backfill.started),
            "skipped": .int(backfill.skipped), "refused": .int(backfill.refused),
            "created_at": .integer(backfill.createdAt.milliseconds), "created_by": .optional(backfill.createdBy),
            "finished_at": .optional(backfill.finishedAt?.milliseconds), "error": .optional(backfill.error),
        ]
        if let states {
            let ended = ["succeeded", "failed", "cancelled", "gone"].reduce(0) { $0 + states[$1, default: 0] }
            let dealt = ended + backfill.skipped + backfill.refused
            object["progress"] = .number(Double(dealt) / Double(max(1, backfill.runs)))
            var counts = JSONObject()
            for (state, count) in states.sorted(by: { $0.key < $1.key }) { counts[state] = .int(count) }
            object["run_states"] = .object(counts)
        }
        return .object(object)
    }
}
