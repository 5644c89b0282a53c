import Core
import Logging

extension LoopService {
    /// Looks at the clock, and now and then at datasets and aliases; what changed becomes a standing signal.
    ///
    /// What was seen and the signal about it are stored together, so each change makes exactly one.
    func watch(_ triggers: [TriggerSpec]) async {
        let now = clock.now
        let isTime = watchedAt.map { now < $0 || now - $0 >= LoopLimits.watchInterval } ?? true
        if isTime { watchedAt = now }
        let watching = triggers.filter { !$0.conditions.isEmpty }
        guard !watching.isEmpty else { return }
        do {
            let places = try await store.places()
            for trigger in watching {
                for condition in trigger.conditions {
                    await watch(condition, of: trigger, places[trigger.name]?[condition.source], isTime: isTime, now)
                }
            }
        } catch {
            logger.warning("What triggers watch could not be read; trying again.", metadata: ["error": "\(error)"])
        }
    }

    private func watch(
        _ condition: TriggerCondition,
        of trigger: TriggerSpec,
        _ place: String?,
        isTime: Bool,
        _ now: Timestamp
    ) async {
        do {
            switch condition {
            case .schedule(let schedule): try await look(schedule, condition, trigger, place, now)
            case .data(let dataset, let rows) where isTime:
                try await look(dataset, rows, condition, trigger, place, now)
            case .checks(let dataset) where isTime: try await check(dataset, condition, trigger, place, now)
            case .alias(let model, let alias) where isTime:
                try await look(model, alias, condition, trigger, place, now)
            case .data, .checks, .alias, .drift, .quality, .webhook: break
            }
        } catch {
            logger.warning(
                "A trigger's condition could not be looked at; trying again.",
                metadata: ["trigger": "\(trigger.name)", "condition": "\(condition.source)", "error": "\(error)"]
            )
        }
    }

    private func look(
        _ schedule: TriggerSchedule,
        _ condition: TriggerCondition,
        _ trigger: TriggerSpec,
        _ place: String?,
        _ now: Timestamp
    ) async throws {
        guard let place, let settled = Int64(place).map(Timestamp.init(milliseconds:)) else {
            try await store.move(
                condition.source,
                for: trigger.name,
                from: place,
                to: String(now.milliseconds),
                raising: nil,
                now: now
            )
            return
        }
        let look = schedule.look(settled: settled, now: now)
        guard look.settled != settled else { return }
        let signal = look.due.map { due in
            LoopSignal(
                kind: .schedule,
                message: "The time \(due.iso8601) of the schedule '\(schedule.text)' has come"
                    + (look.missed > 0 ? "; \(look.missed) earlier ones were missed." : "."),
                evidence: [
                    "due": .integer(due.milliseconds), "schedule": .string(schedule.text), "missed": .int(look.missed),
                ]
            )
        }
        try await store.move(
            condition.source,
            for: trigger.name,
            from: place,
            to: String(look.settled.milliseconds),
            raising: signal,
            now: now
        )
    }

    private func look(
        _ dataset: String,
        _ rows: Int64,
        _ condition: TriggerCondition,
        _ trigger: TriggerSpec,
        _ place: String?,
        _ now: Timestamp
    ) async throws {
        guard let current = try await actions.dataset(dataset) else { return }
        let seen: JSONValue = ["version": .string(current.version), "rows": .integer(current.rows)]
        var signal: LoopSignal?
        if let place {
            let before = try JSONFields(try JSONValue.parse(place), path: "place")
            let (version, count) = (try before.string("version"), try before.int("rows"))
            // A dataset with fewer rows was made anew: all of them are.
            let new = current.rows >= count ? current.rows - count : current.rows
            guard version != current.version, new >= rows else { return }
            signal = LoopSignal(
                kind: .data,
                message: "The dataset \(dataset) has a new version with \(current.rows) rows, \(new) of them new.",
                evidence: [
                    "dataset": .string(dataset), "version": .string(current.version), "rows": .integer(current.rows),
                    "new_rows": .integer(new), "previous_version": .string(version),
                ]
            )
        }
        try await store.move(
            condition.source,
            for: trigger.name,
            from: place,
            to: seen.description,
            raising: signal,
            now: now
        )
    }

    private func check(
        _ dataset: String,
        _ condition: TriggerCondition,
        _ trigger: TriggerSpec,
        _ place: String?,
        _ now: Timestamp
    ) async throws {
        guard let current = try await actions.dataset(dataset), let passed = current.checksPassed else { return }
        let seen = "\(passed ? "passed" : "failed") \(current.version)"
        guard seen != place else { return }
        let signal = LoopSignal(
            kind: .quality,
            message: "The checks of the dataset \(dataset) failed.",
            evidence: ["dataset": .string(dataset), "version": .string(current.version)]
        )
        try await store.move(
            condition.source,
            for: trigger.name,
            from: place,
            to: seen,
            raising: passed ? nil : signal,
            now: now
        )
        if passed { try await store.withdraw(condition.source, for: trigger.name) }
    }

    private func look(
        _ model: String,
        _ alias: String,
        _ condition: TriggerCondition,
        _ trigger: TriggerSpec,
        _ place: String?,
        _ now: Timestamp
    ) async throws {
        let version = try await actions.aliasVersion(model, alias)
        let seen = version.map(String.init) ?? "none"
        guard seen != place else { return }
        var signal: LoopSignal?
        if let place, let version {
            signal = LoopSignal(
                kind: .alias,
                message: "The alias \(model)@\(alias) was moved to version \(version).",
                evidence: [
                    "model": .string(model), "alias": .string(alias), "version": .int(version),
                    "previous": .optional(Int64(place)),
                ]
            )
        }
        try await store.move(condition.source, for: trigger.name, from: place, to: seen, raising: signal, now: now)
    }
}
