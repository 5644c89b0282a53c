import Core
import Logging
import Schedules
import Synchronization

extension TriggerService {
    /// Fires what has come since the last look.
    ///
    /// - Throws: the first fault, after every schedule was looked at.
    func lookAtClock() async throws {
        let standing = try await store.standing()
        let now = clock.now
        let (triggers, before) = known.withLock { known in (known.triggers, known.watched) }
        var (next, watched, fault): (Timestamp?, [String: Watch], (any Error)?) = (nil, [:], nil)
        for row in standing where row.pausedAt == nil {
            guard let trigger = triggers[row.pipeline]?[row.name], case .schedule(let times) = trigger.kind else {
                continue
            }
            let key = "\(row.pipeline)/\(row.name)"
            // A trigger that was not looked at the last time has missed what came before.
            let watch = before[key].flatMap { $0.declared == row.declaredAt ? $0 : nil }
            let look = times.due(settled: row.settledAt, looked: watch?.looked, now: now)
            do {
                if look.settled != row.settledAt { try await settle(row, trigger, look) }
                watched[key] = Watch(declared: row.declaredAt, looked: now)
                if let time = times.next(after: look.settled) { next = min(next ?? time, time) }
            } catch {
                fault = fault ?? error
                watched[key] = watch
            }
        }
        known.withLock { [next, watched] known in
            known.watched = watched
            known.next = next
        }
        if let fault { throw fault }
    }

    /// Fires for each time that is due, in their order, and remembers what was passed over.
    private func settle(_ row: TriggerStore.Standing, _ trigger: PipelineTrigger, _ look: DueTimes) async throws {
        var isSettled = !look.due.isEmpty
        for time in look.due {
            switch try await fire(occasion(row.pipeline, trigger, at: time)) {
            case .started: break
            // A server before this one, or another one, fired for it.
            case .answered: isSettled = false
            case .stopped: return
            case .refused(let error):
                logger.warning(
                    "The trigger '\(trigger.name)' of the pipeline '\(row.pipeline)' could start no run for \(time.iso8601): \(error)"
                )
            }
        }
        if look.dropped > 0 {
            logger.notice(
                "The trigger '\(trigger.name)' of the pipeline '\(row.pipeline)' passed over \(look.dropped) times that were missed."
            )
        }
        // What a run was started for is settled with the run.
        guard !isSettled || look.dropped > 0 else { return }
        try await store.settle(row.pipeline, row.name, at: look.settled, missed: look.dropped)
    }

    /// A time of a timetable as something to fire for.
    private func occasion(
        _ pipeline: String,
        _ trigger: PipelineTrigger,
        at time: Timestamp
    ) -> TriggerOccasion {
        var occasion = TriggerOccasion(
            pipeline: pipeline,
            trigger: trigger,
            key: "t:\(time.milliseconds)",
            logicalAt: time,
            kind: .schedule
        )
        occasion.settles = time
        return occasion
    }
}

extension TriggerOccasion {
    /// What `${trigger.…}` refers to.
    var values: JSONObject {
        var zone = ZoneClock.utc
        var end = end ?? logicalAt
        if case .schedule(let times) = trigger.kind {
            zone = times.timetable.zone
            end = self.end ?? times.timetable.next(after: logicalAt) ?? logicalAt
        }
        var values: JSONObject = [
            "name": .string(trigger.name), "time": .string(Self.text(logicalAt)),
            "date": .string(zone.date(at: logicalAt).text), "start": .string(Self.text(logicalAt)),
            "end": .string(Self.text(end)),
        ]
        if let event { values["event"] = .object(event.json) }
        return values
    }

    /// A time to the second, as most programs read it, unless it has more.
    private static func text(_ time: Timestamp) -> String {
        let text = time.iso8601
        return text.hasSuffix(".000Z") ? "\(text.dropLast(5))Z" : text
    }
}
