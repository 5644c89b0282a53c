package import Core
package import HTTPSupport
import Schedules
import Storage

/// What a backfill is asked to do.
package struct BackfillOrder: Sendable, Equatable {
    /// The first day or moment, on the clocks of the schedule's zone.
    package var from: String
    /// The last day, which belongs to it whole, or the last moment.
    package var through: String
    /// Times to a run.
    package var chunk = 1
    /// Runs under way at the same time.
    package var active = Int(TriggerLimits.defaultBackfillActive)
    /// Which times are made up for.
    package var selection = Backfill.Selection.missing
    /// Values that go over those of the trigger.
    package var parameters: JSONObject = [:]
    /// The priority of the runs; nil for somewhat less than the trigger's.
    package var priority: Int?

    /// A backfill of a range.
    package init(from: String, through: String) {
        self.from = from
        self.through = through
    }
}

extension TriggerService {
    /// Begins to make up for the past of a schedule.
    ///
    /// - Parameters:
    ///   - order: What is asked for.
    ///   - pipeline: The pipeline.
    ///   - name: The trigger's name.
    ///   - by: Who asks.
    /// - Returns: The backfill as it begins.
    /// - Throws: `notFound`, `invalidArgument` for a range that is none or too long, `failedPrecondition` for a trigger that
    ///   is no schedule, `resourceExhausted` for too many backfills.
    package func backfill(
        _ order: BackfillOrder,
        pipeline: String,
        trigger name: String,
        by: String
    ) async throws -> Backfill {
        let record = try await record(pipeline, name)
        guard case .schedule(let times) = record.trigger.kind else {
            throw MartletError(
                .failedPrecondition,
                "The trigger '\(name)' is no schedule; only a cron line or an interval has a past to make up for."
            )
        }
        let (from, through) = try Self.range(order, in: times.timetable.zone)
        let plan = try BackfillPlan(timetable: times.timetable, from: from, through: through, chunk: order.chunk)
        guard TriggerLimits.backfillActive.contains(Int64(order.active)) else {
            throw MartletError(
                .invalidArgument,
                "'max_active' must be between \(TriggerLimits.backfillActive.lowerBound) and "
                    + "\(TriggerLimits.backfillActive.upperBound)."
            )
        }
        let declared = try await pipelines.pipeline(pipeline)
        try JSONFields(order.parameters, path: "parameters").rejectUnknown(declared.parameters.keys)
        try TriggerTemplate.check(.object(order.parameters), of: record.trigger.kind, path: "parameters")
        let usual = Int64(record.trigger.priority ?? declared.priority) - TriggerLimits.backfillPriority
        let backfill = Backfill(
            id: Identifier.timeOrdered(now: clock.now),
            pipeline: pipeline,
            trigger: record.trigger,
            from: from,
            through: through,
            chunk: order.chunk,
            times: plan.times,
            runs: plan.runs,
            active: order.active,
            selection: order.selection,
            parameters: order.parameters,
            priority: order.priority ?? Int(max(usual, PipelinesLimits.priorities.lowerBound)),
            position: nil,
            started: 0,
            skipped: 0,
            refused: 0,
            state: .running,
            createdAt: clock.now,
            createdBy: by,
            finishedAt: nil,
            error: nil
        )
        try await store.insert(backfill)
        nudge()
        return backfill
    }

    private static func range(_ order: BackfillOrder, in zone: ZoneClock) throws(MartletError) -> (Timestamp, Timestamp)
    {
        func moment(_ text: String, _ key: String) throws(MartletError) -> Timestamp {
            guard let moment = MomentText.parse(text, in: zone) else {
                throw MartletError(
                    .invalidArgument,
                    "'\(key)' must be a date such as 2026-05-01 or a time such as 2026-05-01T03:00:00Z, from 1970 through "
                        + "2199, but is '\(text.prefix(80))'."
                )
            }
            return moment
        }
        let (from, through) = (try moment(order.from, "from"), try moment(order.through, "to"))
        guard let day = CivilDate(order.through) else { return (from, through) }
        // A day belongs to the range whole.
        let next = zone.start(of: CivilDate(daysSince1970: day.daysSince1970 + 1))
        return (from, next - .milliseconds(1))
    }

    /// A backfill, with how many of its runs are in each state.
    ///
    /// - Throws: `notFound`.
    package func backfill(_ id: String) async throws -> (Backfill, states: [String: Int]) {
        (try await store.backfill(id), try await store.runStates(of: id))
    }

    /// Backfills, the newest first.
    ///
    /// - Throws: `invalidArgument` for a page token that this did not give.
    package func backfills(pipeline: String?, limit: Int, pageToken: String?) async throws -> Page<Backfill> {
        try await store.backfills(pipeline: pipeline, limit: limit, token: pageToken)
    }

    /// Stops a backfill: no more runs are started.
    ///
    /// - Parameters:
    ///   - id: The backfill.
    ///   - stopsRuns: Whether runs that are under way are cancelled, too.
    /// - Throws: `notFound`, or `failedPrecondition` when it has ended.
    package func cancelBackfill(_ id: String, stopsRuns: Bool) async throws {
        let backfill = try await store.backfill(id)
        guard try await store.finish(id, .cancelled) else {
            throw MartletError(
                .failedPrecondition,
                "The backfill '\(id)' has ended already: \(backfill.state.rawValue)."
            )
        }
        guard stopsRuns else { return }
        for run in try await store.activeRuns(of: id) {
            do { try await pipelines.cancel(run) } catch let error as MartletError
                where error.code == .failedPrecondition
            {
                // It ended in between.
            }
        }
    }

    /// Starts what backfills have room for, and ends those that are done.
    func advanceBackfills() async throws {
        for backfill in try await store.runningBackfills() {
            let states = try await store.runStates(of: backfill.id)
            let active = states["queued", default: 0] + states["running", default: 0]
            if backfill.isExhausted {
                guard active == 0 else { continue }
                let isGood = states["succeeded", default: 0] == backfill.started && backfill.refused == 0
                _ = try await store.finish(backfill.id, isGood ? .succeeded : .failed)
                continue
            }
            try await start(of: backfill, room: backfill.active - active)
        }
    }

    private func start(of backfill: Backfill, room: Int) async throws {
        let plan = try backfill.plan()
        var (room, position, looked) = (room, backfill.position, 0)
        // Skipping costs little, so that more may be skipped than started; the rest is for the next look.
        while room > 0, looked < TriggerLimits.forgottenAtOnce, let piece = plan.piece(after: position),
            !Task.isCancelled
        {
            looked += 1
            position = piece.last
            let isThere = try await store.hasRun(
                backfill.pipeline,
                backfill.trigger.name,
                at: piece.first,
                selection: backfill.selection
            )
            let dealt: TriggerStore.Dealt? = isThere ? .skipped : try await start(piece, of: backfill)
            guard let dealt else { return }
            if dealt == .started { room -= 1 }
            if dealt == .skipped { try await skip(piece, of: backfill) }
        }
    }

    private func skip(_ piece: BackfillPlan.Piece, of backfill: Backfill) async throws {
        do {
            try await store.database.write { connection in
                try TriggerStore.advance(backfill, through: piece.last, .skipped, on: connection)
            }
        } catch  where Self.withheld(error) != nil {
            // Cancelled meanwhile; the next look finds it so.
        }
    }

    /// Starts the run of a piece; nil when the backfill was cancelled meanwhile.
    private func start(_ piece: BackfillPlan.Piece, of backfill: Backfill) async throws -> TriggerStore.Dealt? {
        var occasion = TriggerOccasion(
            pipeline: backfill.pipeline,
            trigger: backfill.trigger,
            key: "b:\(backfill.id):\(piece.first.milliseconds)",
            logicalAt: piece.first,
            kind: .backfill
        )
        occasion.end = piece.end
        occasion.backfill = backfill.id
        occasion.parameters = backfill.parameters
        occasion.priority = backfill.priority
        occasion.ignoresPause = true
        occasion.alongside = { connection, error in
            let dealt: TriggerStore.Dealt = error == nil ? .started : .refused
            try TriggerStore.advance(backfill, through: piece.last, dealt, error: error, on: connection)
        }
        switch try await fire(occasion) {
        case .started: return .started
        case .refused: return .refused
        case .answered, .stopped: return nil
        }
    }
}
