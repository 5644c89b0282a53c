package import Core
import Foundation
package import HTTPSupport
package import Logging
import Synchronization

/// Runs pipelines: takes up runs, drives them, keeps their leases, and answers questions about them.
///
/// State is in the database. `run()` is the only part that works; everything else may be called before, during and
/// after it. A run that was asked for starts when `run()` has a place for it, also after a restart.
package final class PipelineService: Sendable {
    /// What every driver shares.
    struct Context: Sendable {
        let steps: [BuiltinStep]
        let configuration: PipelineConfiguration
        let clock: Clock
        let logger: Logger
        let onTaskChange: @Sendable (TaskChange) -> Void
        let builtin: BuiltinStepExecutor
        let command: CommandExecutor

        let pools = PoolBoard()

        /// The executor of a task's kind.
        func executor(for task: TaskSpec) -> any StepExecutor {
            if let queue = task.queue, let remote = configuration.queueExecutor?(queue) { return remote }
            return switch task.action {
            case .step: builtin
            case .command, .script: command
            case .container: configuration.containerExecutor ?? command
            }
        }

        /// Throws when nothing here can do the task.
        func requireExecutor(for task: TaskSpec) throws(MartletError) {
            if let queue = task.queue {
                guard configuration.queueExecutor == nil else { return }
                throw MartletError(
                    .failedPrecondition,
                    "The task '\(task.name)' waits for workers of the queue '\(queue)', but this server offers no work to workers."
                )
            }
            guard case .container = task.action, configuration.containerExecutor == nil else { return }
            throw MartletError(
                .failedPrecondition,
                "The task '\(task.name)' runs in a container, but this server runs none; use the kubernetes executor."
            )
        }
    }

    let store: PipelineStore
    let context: Context
    private let onRunChange: @Sendable (PipelineRun) -> Void
    private let owner = Identifier.random()
    let drivers = Mutex<[String: RunMailbox]>([:])
    private let waiters = RunWaiters()
    private let wakeups: AsyncStream<Void>
    let wakeup: AsyncStream<Void>.Continuation

    /// Makes a service; nothing runs before `run()`.
    ///
    /// - Parameters:
    ///   - store: Where pipelines and runs are kept.
    ///   - steps: The built-in steps that tasks may name.
    ///   - configuration: Directories, environment and numbers.
    ///   - clock: The time.
    ///   - logger: Takes what operators should know.
    ///   - onTaskChange: Told of every change of a task after it is recorded, and of its progress at once; must not block.
    ///   - onRunChange: Told when a run starts and ends, after it is recorded; must not block.
    package init(
        store: PipelineStore,
        steps: [BuiltinStep],
        configuration: PipelineConfiguration,
        clock: Clock,
        logger: Logger,
        onTaskChange: @escaping @Sendable (TaskChange) -> Void = { _ in },
        onRunChange: @escaping @Sendable (PipelineRun) -> Void = { _ in }
    ) {
        self.store = store
        self.onRunChange = onRunChange
        context = Context(
            steps: steps,
            configuration: configuration,
            clock: clock,
            logger: logger,
            onTaskChange: onTaskChange,
            builtin: BuiltinStepExecutor(steps: steps, clock: clock),
            command: CommandExecutor(
                trackingURI: configuration.trackingURI(),
                searchPath: configuration.searchPath,
                sandbox: configuration.sandbox,
                pass: configuration.pass
            )
        )
        (wakeups, wakeup) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The steps that tasks may name.
    package var steps: [BuiltinStep] {
        context.steps
    }

    /// Takes up and drives runs until it is cancelled; call it once.
    ///
    /// On cancellation running tasks are stopped and their runs given back, to be continued by the next server.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await self.beat() }
            wakeup.yield()
            for await _ in wakeups {
                for lease in await claim() {
                    let mailbox = RunMailbox()
                    drivers.withLock { $0[lease.runID] = mailbox }
                    group.addTask { await self.drive(lease, mailbox) }
                }
            }
        }
    }

    private func claim() async -> [RunLease] {
        let free = context.configuration.bounds.runs - drivers.withLock { $0.count }
        guard free > 0 else { return [] }
        let now = context.clock.now
        let deadline =
            context.configuration.isExclusive ? Timestamp(milliseconds: .max) : now - PipelinesLimits.lease
        do {
            return try await store.claim(owner: owner, limit: free, heardBefore: deadline)
        } catch {
            context.logger.error("Pipeline runs could not be taken up: \(error)")
            return []
        }
    }

    private func drive(_ lease: RunLease, _ mailbox: RunMailbox) async {
        do {
            onRunChange(try await store.run(lease.runID))
            let driver = RunDriver(store: store, lease: lease, context: context, mailbox: mailbox)
            if try await driver.drive() != nil {
                onRunChange(try await store.run(lease.runID))
                await removeOldDirectories()
            }
        } catch {
            context.logger.error("\(error)", metadata: ["run": "\(lease.runID)"])
            do { try await store.abandon(run: lease.runID, owner: owner) } catch {
                // The heartbeat finds the run without a driver and tries again.
                context.logger.error("\(error)", metadata: ["run": "\(lease.runID)"])
            }
        }
        mailbox.close()
        drivers.withLock { $0[lease.runID] = nil }
        waiters.wake(lease.runID)
        wakeup.yield()
    }

    /// Keeps the leases alive, passes on requests to stop that came through the database, and gives back runs that have
    /// no driver.
    private func beat() async {
        var suspects: Set<String> = []
        while true {
            do { try await context.clock.sleep(for: PipelinesLimits.heartbeat) } catch { return }
            let driven = drivers.withLock { $0 }
            do {
                let held = try await store.heartbeat(owner: owner)
                for (id, mailbox) in driven {
                    guard let isCancelRequested = held[id] else {
                        mailbox.send(.leaseLost)
                        continue
                    }
                    if isCancelRequested { mailbox.send(.cancel) }
                }
                // Twice without a driver: not one that was just taken up and has none yet.
                let undriven = Set(held.keys).subtracting(driven.keys)
                for id in undriven.intersection(suspects) { try await store.abandon(run: id, owner: owner) }
                suspects = undriven
            } catch {
                context.logger.error("The heartbeat of pipeline runs failed: \(error)")
            }
            wakeup.yield()
        }
    }

    private func removeOldDirectories() async {
        let root = context.configuration.workDirectory
        do {
            for id in try await store.runsPastRetention() where Identifier.isValid(id) {
                try await BlockingWork.run {
                    let path = "\(root)/\(id)"
                    if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
                }
            }
        } catch {
            context.logger.warning("Directories of old pipeline runs could not be removed: \(error)")
        }
    }
}

extension PipelineService {
    /// Declares pipelines; see `PipelineStore.apply`.
    ///
    /// - Parameters:
    ///   - specs: The pipelines of one manifest.
    ///   - directory: The manifest's own directory, `${pipeline.directory}` in its tasks.
    /// - Throws: `unavailable` when the database cannot be written.
    package func apply(_ specs: [PipelineSpec], directory: String) async throws(MartletError) {
        try await store.apply(specs, directory: directory)
    }

    /// All pipelines by name, each with its newest run.
    package func pipelines() async throws -> [PipelineSummary] {
        var summaries: [PipelineSummary] = []
        for name in try await store.names() {
            let (document, _) = try await store.document(of: name)
            let newest = try await store.runs(pipeline: name, limit: 1, token: nil).items.first
            summaries.append(
                PipelineSummary(
                    name: name,
                    taskCount: document["tasks"]?.objectValue?.count ?? 0,
                    parameters: document["parameters"]?.objectValue ?? [:],
                    lastRun: newest
                )
            )
        }
        return summaries
    }

    /// One pipeline as it is declared now.
    ///
    /// - Throws: `notFound` naming the pipelines there are.
    package func pipeline(_ name: String) async throws -> PipelineSpec {
        let (document, _) = try await store.document(of: name)
        return try PipelineSpec.parse(name: name, document, steps: context.steps)
    }

    /// A run with the latest attempt of each task.
    ///
    /// - Throws: `notFound`.
    package func run(_ id: String) async throws -> PipelineRun {
        try await store.run(id)
    }

    /// Runs, the newest first, without their tasks.
    ///
    /// - Throws: `invalidArgument` for a page token that this did not give.
    package func runs(
        pipeline: String? = nil,
        state: RunState? = nil,
        limit: Int = HTTPLimits.defaultPageSize,
        pageToken: String? = nil
    ) async throws -> Page<PipelineRun> {
        try await store.runs(pipeline: pipeline, state: state, limit: limit, token: pageToken)
    }

    /// Lines of a task's log after a position, oldest first; positions grow over all attempts.
    ///
    /// - Throws: `notFound` for the run or the task.
    package func logs(
        run: String,
        task: String,
        after: Int64 = 0,
        limit: Int = PipelinesLimits.logPage
    ) async throws -> [LogLine] {
        try await store.logs(run: run, task: task, after: after, limit: limit)
    }

    /// Asks a run to stop: its processes are ended, what waits is cancelled.
    ///
    /// Returns before that is done.
    /// - Throws: `notFound`, or `failedPrecondition` when it has ended.
    package func cancel(_ id: String) async throws {
        try await store.requestCancel(id)
        passOn(cancelOf: id)
        if try await store.run(id).state.isFinal { waiters.wake(id) }
    }

    /// Tells the driver of a run that it was asked to stop.
    func passOn(cancelOf id: String) {
        drivers.withLock { $0[id] }?.send(.cancel)
    }

    /// Waits until a run has ended and returns it.
    ///
    /// - Throws: `notFound`, or `CancellationError` when the caller is cancelled.
    package func waitForRun(_ id: String) async throws -> PipelineRun {
        while true {
            let ended = waiters.stream(for: id)
            let run = try await store.run(id)
            if run.state.isFinal { return run }
            for await _ in ended {}
            try Task.checkCancellation()
        }
    }
}
