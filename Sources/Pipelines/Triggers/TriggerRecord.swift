package import Core
package import Schedules
import Storage

/// A trigger as the database has it.
package struct TriggerRecord: Sendable, Equatable {
    /// The pipeline that it starts.
    package let pipeline: String
    /// What was declared.
    package let trigger: PipelineTrigger
    /// When it was declared; what happened before is not its business.
    package let declaredAt: Timestamp
    /// The time of its timetable up to which everything is decided.
    package let settledAt: Timestamp
    /// Since when it is paused; nil while it is not.
    package let pausedAt: Timestamp?
    /// Who paused it.
    package let pausedBy: String?
    /// Times that came and were not made up for, since it was declared.
    package let missed: Int64

    /// When it fires next by its timetable; nil for other triggers, paused ones, and after its end.
    package var next: Timestamp? {
        guard pausedAt == nil, case .schedule(let times) = trigger.kind else { return nil }
        return times.next(after: settledAt)
    }
}

extension TriggerTimes {
    /// The first time after a moment that lies between start and end.
    ///
    /// - Parameter moment: The moment, which is itself not meant.
    /// - Returns: The time; nil when there is none.
    package func next(after moment: Timestamp) -> Timestamp? {
        let from = max(moment, start.map { $0 - .milliseconds(1) } ?? moment)
        guard let next = timetable.next(after: from), end.map({ next <= $0 }) ?? true else { return nil }
        return next
    }

    /// What a look at the clock makes due, between start and end.
    ///
    /// - Parameters:
    ///   - settled: The time up to which everything is decided.
    ///   - looked: When somebody last looked without a break; nil after a restart.
    ///   - now: The time.
    /// - Returns: What is due, and what to remember.
    package func due(settled: Timestamp, looked: Timestamp?, now: Timestamp) -> DueTimes {
        let before = start.map { $0 - .milliseconds(1) }
        let isOpen = before.map { $0 < now } ?? true && end.map { settled < $0 } ?? true
        guard isOpen else { return DueTimes(settled: settled, due: [], dropped: 0) }
        let from = max(settled, before ?? settled)
        // After the end nothing comes any more, but what came before it may have been missed.
        let found = timetable.due(settled: from, looked: looked, now: end.map { min(now, $0) } ?? now, rule: catchUp)
        return found.settled == from ? DueTimes(settled: settled, due: [], dropped: 0) : found
    }
}

/// One time that a trigger fired.
package struct TriggerFiring: Sendable, Equatable {
    /// The pipeline.
    package let pipeline: String
    /// The trigger's name.
    package let trigger: String
    /// What it fired for, unlike anything else that the trigger fires for; `t:` and the time, or `e:` and the event.
    package let key: String
    /// The time that the run is for.
    package let logicalAt: Timestamp
    /// When it fired.
    package let firedAt: Timestamp
    /// The run; nil when none could be started.
    package let run: String?
    /// How the run stands; nil when it is not kept any more.
    package let runState: String?
    /// Why no run could be started.
    package let error: String?
    /// The event that it answers.
    package let event: JSONObject?
    /// Who fired it by hand.
    package let by: String?
    /// The backfill that it belongs to.
    package let backfill: String?
}

/// What a trigger fires for: before it has, and with what its run is given.
struct TriggerOccasion: Sendable {
    let pipeline: String
    let trigger: PipelineTrigger
    let key: String
    let logicalAt: Timestamp
    let kind: RunCause.Kind
    var end: Timestamp?
    var event: TriggerEvent?
    var by: String?
    var backfill: String?
    /// Values that go over those of the trigger.
    var parameters: JSONObject = [:]
    /// Values of the trigger that are not filled in, since others are given.
    var leavesOut: Set<String> = []
    var priority: Int?
    /// Whether a paused trigger fires for it, too.
    var ignoresPause = false
    /// The time of the timetable that is settled with it.
    var settles: Timestamp?
    /// What else is written in the same transaction, given why there is no run.
    var alongside: (@Sendable (Connection, _ error: String?) throws -> Void)?

    /// What people read of it.
    var text: String {
        switch (event, by, backfill) {
        case (let event?, _, _): "\(trigger.name): \(event.type) \(event.subject)"
        case (_, let by?, _): "\(trigger.name): fired by \(by)"
        case (_, _, let backfill?): "\(trigger.name): backfill \(backfill.prefix(8)) \(logicalAt.iso8601)"
        default: "\(trigger.name): \(logicalAt.iso8601)"
        }
    }
}
