package import Core
package import Logging
import Storage
import Synchronization

/// Starts pipelines when their triggers say so: at times, upon events, when somebody calls, and for the past.
///
/// `run()` looks at the clock and at the stream of events; one server of those on a database calls it. Everything else may be
/// called on any of them. What is decided is in the database, so a server that is killed leaves nothing half done.
package final class TriggerService: Sendable {
    /// When a schedule was last looked at.
    struct Watch: Sendable {
        /// When it was declared.
        let declared: Timestamp
        /// When it was looked at, without a break since.
        let looked: Timestamp
    }

    /// What is known of the pipelines, read again when they are declared anew.
    struct Known: Sendable {
        /// When each pipeline was declared last.
        var declared: [String: Timestamp] = [:]
        /// The triggers of each pipeline.
        var triggers: [String: [String: PipelineTrigger]] = [:]
        /// The schedules that were looked at the last time; one that was paused begins anew.
        var watched: [String: Watch] = [:]
        /// When each trigger that is not paused fires next.
        var next: Timestamp?
        /// When old firings were last looked for.
        var forgotten: Timestamp?
        /// Faults that were told of already.
        var told: Set<String> = []
    }

    let store: TriggerStore
    let pipelines: PipelineService
    let actions: TriggerActions
    /// The time.
    package let clock: Clock
    let logger: Logger
    let known = Mutex(Known())
    let callers = WebhookGate()
    private let nudges: AsyncStream<Void>
    private let nudging: AsyncStream<Void>.Continuation

    /// Makes a service; nothing fires by itself before `run()`.
    ///
    /// - Parameters:
    ///   - store: Where triggers and firings are kept.
    ///   - pipelines: What starts runs.
    ///   - actions: How to read events and secrets.
    ///   - clock: The time.
    ///   - logger: Takes what operators should know.
    package init(
        store: TriggerStore,
        pipelines: PipelineService,
        actions: TriggerActions,
        clock: Clock,
        logger: Logger
    ) {
        self.store = store
        self.pipelines = pipelines
        self.actions = actions
        self.clock = clock
        self.logger = logger
        (nudges, nudging) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks for a look at once, as when a pipeline was declared or an event was written.
    package func nudge() {
        nudging.yield()
    }

    /// Looks at the clock and at events until it is cancelled; call it once.
    ///
    /// - Throws: nothing but what the group throws; faults are logged and tried again.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { [clock, nudging] in
                while !Task.isCancelled {
                    do { try await clock.sleep(for: self.pause()) } catch { return }
                    nudging.yield()
                }
            }
            await tick()
            for await _ in nudges { await tick() }
        }
    }

    /// How long until the next look: the usual time, or shorter when something is due earlier.
    private func pause() -> Duration {
        let now = clock.now
        guard let next = known.withLock({ $0.next }), next > now else { return TriggerLimits.pollInterval }
        return min(TriggerLimits.pollInterval, max(.milliseconds(1), next - now))
    }

    /// One look at everything.
    package func tick() async {
        await attempt("declarations") { try await self.takeUp() }
        await attempt("schedules") { try await self.lookAtClock() }
        await attempt("events") { try await self.lookAtEvents() }
        await attempt("backfills") { try await self.advanceBackfills() }
        let now = clock.now
        let isDue = known.withLock { known in
            if let last = known.forgotten, last <= now, now - last < TriggerLimits.forgetInterval { return false }
            known.forgotten = now
            return true
        }
        if isDue { await attempt("old firings") { try await self.store.forgetOldFirings() } }
    }

    /// Does one part of a look; a fault of it leaves the others alone, and is told once until it is over.
    private func attempt(_ part: String, _ body: () async throws -> Void) async {
        do {
            try await body()
            known.withLock { $0.told = $0.told.filter { !$0.hasPrefix("\(part):") } }
        } catch {
            guard !Task.isCancelled else { return }
            let isNew = known.withLock { $0.told.insert("\(part):\(error)").inserted }
            if isNew { logger.error("The \(part) of triggers could not be looked at; trying again: \(error)") }
        }
    }

    // MARK: - Declarations

    /// Takes over pipelines that were declared since the last look.
    private func takeUp() async throws {
        let before = known.withLock { $0.declared }
        let declared = try await store.declared(except: before)
        for pipeline in declared {
            guard let section = pipeline.section else { continue }
            let triggers: [PipelineTrigger]
            do {
                let fields = JSONFields(section, path: "pipelines.\(pipeline.pipeline).triggers")
                triggers = try section.keys.map { name in try PipelineTrigger.parse(name, try fields.fields(name)) }
            } catch {
                // It was accepted when it was declared, by another version of this program.
                logger.error("The triggers of the pipeline '\(pipeline.pipeline)' are not understood: \(error)")
                triggers = []
            }
            try await store.declare(triggers, of: pipeline.pipeline)
            // What is declared again in the same millisecond is read again.
            let isSettled = clock.now > pipeline.updatedAt + .seconds(2) || clock.now < pipeline.updatedAt
            known.withLock { known in
                known.triggers[pipeline.pipeline] = Dictionary(
                    triggers.map { ($0.name, $0) },
                    uniquingKeysWith: { first, _ in first }
                )
                known.declared[pipeline.pipeline] = isSettled ? pipeline.updatedAt : nil
            }
        }
        let names = Set(declared.map(\.pipeline))
        guard !Set(before.keys).isSubset(of: names) || before.isEmpty else { return }
        try await store.forget(pipelinesExcept: names)
        known.withLock { known in
            known.declared = known.declared.filter { names.contains($0.key) }
            known.triggers = known.triggers.filter { names.contains($0.key) }
        }
    }

    // MARK: - Firing

    /// What came of an attempt to fire.
    enum Fired: Sendable {
        /// The run.
        case started(PipelineRun)
        /// It had fired for the same before.
        case answered
        /// It was paused meanwhile, or is declared no more.
        case stopped
        /// No run could be started, and none ever can for this; it is recorded.
        case refused(MartletError)
    }

    /// Starts the run and records the firing, both or neither.
    ///
    /// - Throws: what may be over the next time, such as too many runs that wait.
    func fire(_ occasion: TriggerOccasion) async throws -> Fired {
        do {
            var given = occasion.trigger.parameters
            for name in occasion.leavesOut { given[name] = nil }
            let path = "pipelines.\(occasion.pipeline).triggers.\(occasion.trigger.name).parameters"
            var parameters =
                try TriggerTemplate.fill(.object(given), with: occasion.values, path: path).objectValue ?? [:]
            let over = try TriggerTemplate.fill(.object(occasion.parameters), with: occasion.values, path: "parameters")
            for (name, value) in (over.objectValue ?? [:]).pairs { parameters[name] = value }
            let store = store
            let run = try await pipelines.startRun(
                occasion.pipeline,
                parameters: parameters,
                cause: RunCause(kind: occasion.kind, trigger: occasion.trigger.name, text: occasion.text),
                logicalDate: occasion.logicalAt,
                priority: occasion.priority ?? occasion.trigger.priority,
                inTransaction: { connection, run in try store.record(occasion, run: run, error: nil, on: connection) }
            )
            return .started(run)
        } catch {
            if let withheld = Self.withheld(error) { return withheld }
            let failure = MartletError.wrapping(error)
            guard Self.isFinal(failure) else { throw failure }
            do { try await store.refuse(occasion, failure.message) } catch {
                guard let withheld = Self.withheld(error) else { throw error }
                return withheld
            }
            return .refused(failure)
        }
    }

    static func withheld(_ error: any Error) -> Fired? {
        switch error as? TriggerStore.Withheld ?? (error as? MartletError)?.cause as? TriggerStore.Withheld {
        case .answered: .answered
        case .stopped: .stopped
        case nil: nil
        }
    }

    /// Whether trying again would end the same way.
    private static func isFinal(_ error: MartletError) -> Bool {
        switch error.code {
        case .invalidArgument, .notFound, .failedPrecondition, .payloadTooLarge, .permissionDenied, .unimplemented: true
        default: false
        }
    }
}
