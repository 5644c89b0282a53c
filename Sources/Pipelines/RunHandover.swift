import Core
import Logging

/// Follows a run that is done elsewhere as a whole: what its delegate reports is recorded under the run's lease, once.
struct RunHandover: Sendable {
    private enum Signal: Sendable {
        case ended
        case failed(MartletError)
        case cancelRequested
        case leaseLost
        case listenerEnded
    }

    private let driver: RunDriver
    private let spec: PipelineSpec
    private let snapshot: RunSnapshot

    init(driver: RunDriver, spec: PipelineSpec, snapshot: RunSnapshot) {
        self.driver = driver
        self.spec = spec
        self.snapshot = snapshot
    }

    /// Follows the run to its end.
    ///
    /// - Returns: How it ended; nil when this server stops, and the run goes on elsewhere.
    func follow(_ executor: String) async throws -> RunState? {
        let record = HandoverRecord(driver: driver, spec: spec, snapshot: snapshot)
        guard let delegate = driver.context.configuration.delegates[executor] else {
            let message =
                "This server has no executor '\(executor)'; configure it, or take 'executor' out of the pipeline."
            return try await record.finish(failure: message, isCancelled: false)
        }
        let (cancelled, cancel) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let run = DelegatedRun(
            id: snapshot.run.id,
            spec: spec,
            parameters: snapshot.run.parameters,
            directory: snapshot.directory,
            time: snapshot.run.time ?? snapshot.run.createdAt,
            tasks: snapshot.tasks.map(\.latest),
            cancelled: cancelled
        )
        if snapshot.run.isCancelRequested { cancel.yield() }
        var isCancelled = snapshot.run.isCancelRequested
        let mailbox = driver.mailbox
        return try await withThrowingTaskGroup(of: Signal.self) { group in
            group.addTask {
                do {
                    try await delegate.follow(run) { try await record.take($0) }
                    return .ended
                } catch {
                    return .failed(MartletError.wrapping(error))
                }
            }
            group.addTask { await Self.listen(mailbox) }
            while let signal = try await group.next() {
                if Task.isCancelled { return nil }
                switch signal {
                case .cancelRequested:
                    isCancelled = true
                    cancel.yield()
                    group.addTask { await Self.listen(mailbox) }
                case .leaseLost: throw driver.lease.lost
                case .listenerEnded: break
                case .ended:
                    group.cancelAll()
                    return try await record.finish(failure: nil, isCancelled: isCancelled)
                case .failed(let error):
                    group.cancelAll()
                    return try await record.finish(failure: error.message, isCancelled: isCancelled)
                }
            }
            return nil
        }
    }

    private static func listen(_ mailbox: RunMailbox) async -> Signal {
        for await _ in mailbox.signals {
            for message in mailbox.take() {
                switch message {
                case .cancel: return .cancelRequested
                case .leaseLost: return .leaseLost
                case .tick, .granted, .ended: continue
                }
            }
        }
        return .listenerEnded
    }
}

/// What is recorded of a run that is done elsewhere.
actor HandoverRecord {
    private let driver: RunDriver
    private let spec: PipelineSpec
    private let run: PipelineRun
    private let places: [String: Int]
    private var states: [String: (state: TaskState, attempt: Int)] = [:]
    private var firstFailure: (task: String, message: String?)?

    init(driver: RunDriver, spec: PipelineSpec, snapshot: RunSnapshot) {
        self.driver = driver
        self.spec = spec
        run = snapshot.run
        places = Dictionary(spec.tasks.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        for task in snapshot.tasks {
            states[task.name] = (task.latest.state, task.latest.attempt)
            if task.latest.state == .failed, firstFailure == nil { firstFailure = (task.name, task.latest.error) }
        }
    }

    /// Records a report; one that says what is recorded already changes nothing.
    func take(_ report: TaskReport) async throws {
        var changes: [RunChange] = []
        let task = report.task
        if states[task] == nil {
            let owner = task.split(separator: ".").first.map(String.init) ?? task
            changes.append(.admit(task: task, attempt: 1, place: places[owner] ?? spec.tasks.count))
            states[task] = (.pending, 1)
        }
        guard let (before, attempt) = states[task], !before.isFinal else { return }
        if report.state == .skipped || (before == .pending && report.state == .cancelled) {
            let cause: SkipCause? = report.state == .skipped ? .condition : nil
            changes.append(
                .drop(task: task, attempt: attempt, state: report.state, error: report.message, cause: cause)
            )
        } else if report.state != .pending {
            if before == .pending { changes.append(.start(task: task, attempt: attempt, marker: "")) }
            changes += log(report, attempt)
            if report.state.isFinal {
                changes.append(
                    .end(
                        task: task,
                        attempt: attempt,
                        state: report.state,
                        error: report.message,
                        outputs: report.state == .succeeded ? report.outputs : nil
                    )
                )
            }
        }
        try await driver.store.record(changes, lease: driver.lease)
        states[task] = (report.state, attempt)
        if report.state == .failed, firstFailure == nil { firstFailure = (task, report.message) }
        announce(report, attempt)
    }

    private func log(_ report: TaskReport, _ attempt: Int) -> [RunChange] {
        let log = TaskLog(attempt: attempt, clock: driver.context.clock)
        for line in report.lines { log.append(line, stream: .output) }
        if !report.state.isFinal { log.report(fraction: report.fraction, message: report.message ?? "") }
        let batch = log.finish()
        return batch.isEmpty ? [] : [.log(task: report.task, attempt: attempt, batch)]
    }

    private func announce(_ report: TaskReport, _ attempt: Int) {
        driver.context.onTaskChange(
            TaskChange(
                runID: run.id,
                pipeline: run.pipeline,
                task: report.task,
                attempt: attempt,
                state: report.state,
                fraction: report.fraction,
                message: report.message,
                time: driver.context.clock.now
            )
        )
    }

    /// Records the end of the run, and of every task that did not report its own.
    func finish(failure: String?, isCancelled: Bool) async throws -> RunState {
        var changes: [RunChange] = []
        let rest: TaskState = isCancelled ? .cancelled : .skipped
        for (task, known) in states.sorted(by: { $0.key < $1.key }) {
            switch known.state {
            case .pending:
                changes.append(
                    .drop(
                        task: task,
                        attempt: known.attempt,
                        state: rest,
                        error: failure,
                        cause: isCancelled ? nil : .upstream
                    )
                )
            case .running:
                let state: TaskState = isCancelled ? .cancelled : .failed
                let message = failure ?? "The run ended before the task did."
                changes.append(.end(task: task, attempt: known.attempt, state: state, error: message, outputs: nil))
                if state == .failed, firstFailure == nil { firstFailure = (task, message) }
            default: break
            }
        }
        let state: RunState
        var message = failure
        if isCancelled {
            (state, message) = (.cancelled, "The run was cancelled.")
        } else if let firstFailure {
            state = .failed
            message = message ?? "The task '\(firstFailure.task)' failed: \(firstFailure.message ?? "")"
        } else {
            state = failure == nil ? .succeeded : .failed
        }
        changes.append(.finish(state, error: message))
        try await driver.store.record(changes, lease: driver.lease)
        return state
    }
}
