package import Core
package import HTTPSupport
package import Schedules

extension TriggerService {
    /// A trigger, with when it fired last.
    package struct View: Sendable {
        /// The trigger.
        package let record: TriggerRecord
        /// When it fired last; nil when it did not yet.
        package let last: TriggerFiring?
    }

    /// All triggers, or those of one pipeline.
    ///
    /// - Parameter pipeline: The pipeline; nil for all.
    /// - Returns: The triggers by pipeline and name.
    /// - Throws: `unavailable` when the database cannot be read.
    package func triggers(of pipeline: String? = nil) async throws -> [View] {
        let newest = try await store.newestFirings()
        return try await store.records(of: pipeline).map { record in
            View(record: record, last: newest["\(record.pipeline)/\(record.trigger.name)"])
        }
    }

    /// One trigger.
    ///
    /// - Throws: `notFound`.
    package func trigger(_ pipeline: String, _ name: String) async throws -> View {
        let record = try await record(pipeline, name)
        return View(record: record, last: try await store.firings(pipeline, name, limit: 1, token: nil).items.first)
    }

    func record(_ pipeline: String, _ name: String) async throws -> TriggerRecord {
        guard let record = try await store.records(of: pipeline).first(where: { $0.trigger.name == name }) else {
            throw TriggerStore.noTrigger(pipeline, name)
        }
        return record
    }

    /// The times at which a schedule fires next.
    ///
    /// - Parameters:
    ///   - pipeline: The pipeline.
    ///   - name: The trigger's name.
    ///   - after: The moment after which; nil for now.
    ///   - count: How many, at most `TriggerLimits.shownTimes`.
    /// - Returns: The times, and the clocks that they are read on.
    /// - Throws: `notFound`, or `failedPrecondition` for a trigger that is no schedule.
    package func times(
        _ pipeline: String,
        _ name: String,
        after: Timestamp? = nil,
        count: Int
    ) async throws -> (times: [Timestamp], zone: ZoneClock) {
        let record = try await record(pipeline, name)
        guard case .schedule(let times) = record.trigger.kind else {
            throw MartletError(.failedPrecondition, "The trigger '\(name)' fires at no fixed times.")
        }
        var (found, moment) = ([Timestamp](), after ?? clock.now)
        while found.count < min(count, TriggerLimits.shownTimes), let next = times.next(after: moment) {
            found.append(next)
            moment = next
        }
        return (found, times.timetable.zone)
    }

    /// Firings of a trigger, the newest first.
    ///
    /// - Throws: `notFound`, or `invalidArgument` for a page token that this did not give.
    package func firings(
        _ pipeline: String,
        _ name: String,
        limit: Int,
        pageToken: String?
    ) async throws -> Page<TriggerFiring> {
        _ = try await record(pipeline, name)
        return try await store.firings(pipeline, name, limit: limit, token: pageToken)
    }

    /// Pauses a trigger: nothing fires until it is resumed, except by hand.
    ///
    /// - Throws: `notFound`.
    package func pause(_ pipeline: String, _ name: String, by: String) async throws {
        try await store.setPaused(pipeline, name, true, by: by)
    }

    /// Lets a paused trigger go on.
    ///
    /// - Parameters:
    ///   - pipeline: The pipeline.
    ///   - name: The trigger's name.
    ///   - catchesUp: Whether times that came during the pause count as missed, and follow its rule; else they are over.
    ///   - by: Who does it.
    /// - Throws: `notFound`.
    package func resume(_ pipeline: String, _ name: String, catchesUp: Bool = false, by: String) async throws {
        try await store.setPaused(pipeline, name, false, catchesUp: catchesUp, by: by)
        nudge()
    }

    /// Fires a trigger by hand, also one that is paused.
    ///
    /// - Parameters:
    ///   - pipeline: The pipeline.
    ///   - name: The trigger's name.
    ///   - parameters: Values that go over those of the trigger.
    ///   - time: The time that the run is for; nil for now.
    ///   - by: Who fires it.
    /// - Returns: The run.
    /// - Throws: `notFound`, `invalidArgument` for parameters, `resourceExhausted` when too many runs wait.
    package func fire(
        _ pipeline: String,
        _ name: String,
        parameters: JSONObject = [:],
        time: Timestamp? = nil,
        by: String
    ) async throws -> PipelineRun {
        let record = try await record(pipeline, name)
        try TriggerTemplate.check(.object(parameters), of: .manual, path: "parameters")
        var occasion = TriggerOccasion(
            pipeline: pipeline,
            trigger: record.trigger,
            key: "m:\(Identifier.random())",
            logicalAt: time ?? clock.now,
            kind: .manual
        )
        occasion.by = by
        occasion.parameters = parameters
        occasion.ignoresPause = true
        // What an event would have given, a person gives.
        occasion.leavesOut = Set(parameters.keys)
        switch try await fire(occasion) {
        case .started(let run): return run
        case .refused(let error): throw error
        case .answered, .stopped:
            throw MartletError(.failedPrecondition, "The trigger '\(name)' is declared no more.")
        }
    }
}
