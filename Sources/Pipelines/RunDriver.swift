import Core
import Foundation
import Logging

/// Drives one run: feeds its state machine with what happens and performs what the machine decides.
///
/// Everything is recorded before it is shown or acted upon, under the run's lease. When the lease is lost, or the server
/// stops, the driver stops what it started and records nothing more about it.
final class RunDriver: Sendable {
    private let store: PipelineStore
    private let lease: RunLease
    private let context: PipelineService.Context
    private let mailbox: RunMailbox

    init(store: PipelineStore, lease: RunLease, context: PipelineService.Context, mailbox: RunMailbox) {
        self.store = store
        self.lease = lease
        self.context = context
        self.mailbox = mailbox
    }

    /// What the driver knows of the run while it drives it.
    private struct Progress {
        var machine: PipelineRunStateMachine
        let spec: PipelineSpec
        let tasks: [String: TaskSpec]
        let run: PipelineRun
        let directory: String
        var outputs: [String: JSONObject]
        var logs: [String: TaskLog] = [:]
        var stops: [String: AsyncStream<Void>.Continuation] = [:]
        var armed: Timestamp?
        var isDone = false
    }

    /// Drives until the run is done, the lease is lost or the task is cancelled.
    ///
    /// - Returns: How the run ended; nil when it has not.
    func drive() async throws -> RunState? {
        let snapshot = try await store.snapshot(lease)
        let spec: PipelineSpec
        do {
            spec = try PipelineSpec.parse(name: snapshot.run.pipeline, snapshot.document, steps: context.steps)
        } catch {
            try await store.record([.finish(.failed, error: error.message)], lease: lease)
            return .failed
        }
        let lost = snapshot.tasks.filter { $0.latest.state == .running }
        for task in lost {
            guard let marker = task.marker else { continue }
            let killed = try await BlockingWork.run { ProcessSweep.kill(marker: marker) }
            if killed > 0 {
                context.logger.notice(
                    "Ended \(killed) processes of an earlier server.",
                    metadata: ["task": "\(task.name)"]
                )
            }
        }
        var progress = Progress(
            machine: PipelineRunStateMachine(
                spec: spec,
                parallel: context.configuration.bounds.tasks,
                restored: Self.restored(snapshot, spec: spec, now: context.clock.now),
                isCancelled: snapshot.run.isCancelRequested
            ),
            spec: spec,
            tasks: Dictionary(spec.tasks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }),
            run: snapshot.run,
            directory: snapshot.directory,
            outputs: Dictionary(
                snapshot.tasks.map { ($0.name, $0.latest.outputs) },
                uniquingKeysWith: { first, _ in first }
            )
        )
        let state = try await withThrowingDiscardingTaskGroup { group in
            try await step(.begin, &progress, &group)
            for task in lost {
                try await step(.task(task.name, .lost(attempt: task.latest.attempt)), &progress, &group)
            }
            if snapshot.run.isCancelRequested { try await step(.cancel, &progress, &group) }
            let state = try await follow(&progress, &group)
            group.cancelAll()
            return state
        }
        if state == nil { try await store.release(lease) }
        return state
    }

    private func follow(
        _ progress: inout Progress,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws -> RunState? {
        if progress.isDone { return try await store.run(lease.runID).state }
        for await message in mailbox.messages {
            switch message {
            case .cancel: try await step(.cancel, &progress, &group)
            case .leaseLost: throw lease.lost
            case .tick(let time):
                if progress.armed == time { progress.armed = nil }
                try await step(.tick, &progress, &group)
            case .ended(let task, let attempt, let outcome):
                // When the server stops, its tasks end because it stops them: that is no result.
                if Task.isCancelled { return nil }
                try await ended(task, attempt, outcome, &progress, &group)
            }
            if progress.isDone { return try await store.run(lease.runID).state }
        }
        return nil
    }

    private func ended(
        _ task: String,
        _ attempt: Int,
        _ outcome: TaskOutcome,
        _ progress: inout Progress,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        progress.stops.removeValue(forKey: task)?.finish()
        switch outcome {
        case .succeeded(let outputs):
            progress.outputs[task] = outputs
            try await step(.task(task, .succeeded(attempt: attempt)), &progress, &group)
        case .failed(let error):
            let message = String(decoding: error.message.utf8.prefix(PipelinesLimits.errorBytes), as: UTF8.self)
            let event = TaskStateMachine.Event.failed(attempt: attempt, message: message, isFinal: false)
            try await step(.task(task, event), &progress, &group)
        }
    }

    /// Feeds one event and performs what comes of it: first the record, then everything that can be seen.
    private func step(
        _ event: PipelineRunStateMachine.Event,
        _ progress: inout Progress,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        let actions = progress.machine.handle(event, now: context.clock.now)
        var changes: [RunChange] = []
        var starts: [(task: String, attempt: Int, marker: String)] = []
        for action in actions {
            switch action {
            case .finish(let state, let message): changes.append(.finish(state, error: message))
            case .task(let task, .start(let attempt)):
                let marker = Identifier.random()
                changes.append(.start(task: task, attempt: attempt, marker: marker))
                starts.append((task, attempt, marker))
            case .task(let task, .end(let attempt, let state, let message)):
                // An attempt of an earlier server has no log here; how it ended is said all the same.
                let log = progress.logs.removeValue(forKey: task) ?? TaskLog(attempt: attempt, clock: context.clock)
                if let message { log.append(message, stream: .martlet) }
                changes.append(.log(task: task, attempt: attempt, log.finish()))
                let outputs = state == .succeeded ? progress.outputs[task] : nil
                changes.append(.end(task: task, attempt: attempt, state: state, error: message, outputs: outputs))
            case .task(let task, .drop(let attempt, let state, let message)):
                changes.append(.drop(task: task, attempt: attempt, state: state, error: message))
            case .task(let task, .plan(let attempt, let time)):
                changes.append(.plan(task: task, attempt: attempt, at: time))
            case .task(_, .stop): break
            }
        }
        try await store.record(changes, lease: lease)
        announce(actions, progress.run)
        for case .task(let task, .stop) in actions { progress.stops[task]?.yield() }
        for start in starts { launch(start.task, start.attempt, marker: start.marker, &progress, &group) }
        if case .finish? = actions.last { progress.isDone = true }
        arm(&progress, &group)
    }

    /// Makes sure that a tick arrives when the machine next needs one.
    private func arm(_ progress: inout Progress, _ group: inout ThrowingDiscardingTaskGroup<any Error>) {
        guard let wake = progress.machine.wakesAt, !progress.isDone else { return }
        if let armed = progress.armed, armed <= wake { return }
        progress.armed = wake
        let (clock, mailbox) = (context.clock, mailbox)
        group.addTask {
            do { try await clock.sleep(for: max(.zero, wake - clock.now)) } catch { return }
            mailbox.send(.tick(wake))
        }
    }

    private func launch(
        _ task: String,
        _ attempt: Int,
        marker: String,
        _ progress: inout Progress,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) {
        guard let spec = progress.tasks[task] else { return }
        let log = TaskLog(attempt: attempt, clock: context.clock)
        progress.logs[task] = log
        let job: StepJob
        do {
            job = try self.job(spec, attempt: attempt, marker: marker, progress)
        } catch {
            mailbox.send(.ended(task: task, attempt: attempt, .failed(MartletError.wrapping(error))))
            return
        }
        let (stops, stop) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        progress.stops[task] = stop
        let runner = AttemptRunner(
            store: store,
            lease: lease,
            executor: context.executor(for: spec.action),
            secrets: context.configuration.secrets,
            clock: context.clock,
            logger: context.logger
        )
        let (context, run, mailbox) = (context, progress.run, mailbox)
        group.addTask {
            let outcome = await runner.run(job, log: log, stop: stops) { fraction, message in
                context.onTaskChange(
                    TaskChange(
                        runID: run.id,
                        pipeline: run.pipeline,
                        task: task,
                        attempt: attempt,
                        state: .running,
                        fraction: fraction,
                        message: message,
                        time: context.clock.now
                    )
                )
            }
            mailbox.send(.ended(task: task, attempt: attempt, outcome))
        }
    }

    private func job(
        _ spec: TaskSpec,
        attempt: Int,
        marker: String,
        _ progress: Progress
    ) throws(MartletError) -> StepJob {
        let values = ValueTemplate.Values(
            parameters: progress.run.parameters,
            outputs: progress.outputs,
            directory: progress.directory,
            runID: progress.run.id
        )
        let action = try spec.action.filled(with: values, path: spec.name)
        var environment: [String: String] = [:]
        for (name, text) in spec.environment {
            let path = "\(spec.name).env.\(name)"
            environment[name] = try ValueTemplate(text, path: path).text(values, path: path)
        }
        var upstream: [String: JSONObject] = [:]
        for need in spec.needs { upstream[need] = progress.outputs[need] ?? [:] }
        return StepJob(
            runID: progress.run.id,
            pipeline: progress.run.pipeline,
            task: spec.name,
            attempt: attempt,
            action: action,
            environment: environment,
            secretNames: spec.secrets,
            resources: spec.resources,
            parameters: progress.run.parameters,
            upstream: upstream,
            directory: "\(context.configuration.workDirectory)/\(progress.run.id)/\(spec.name)/\(attempt)",
            pipelineDirectory: progress.directory,
            marker: marker
        )
    }

    private func announce(_ actions: [PipelineRunStateMachine.Action], _ run: PipelineRun) {
        let now = context.clock.now
        for case .task(let task, let action) in actions {
            let seen: (attempt: Int, state: TaskState, message: String?)? =
                switch action {
                case .start(let attempt): (attempt, .running, nil)
                case .end(let attempt, let state, let message): (attempt, state, message)
                case .drop(let attempt, let state, let message): (attempt, state, message)
                case .plan(let attempt, _): (attempt, .pending, nil)
                case .stop: nil
                }
            guard let seen else { continue }
            context.onTaskChange(
                TaskChange(
                    runID: run.id,
                    pipeline: run.pipeline,
                    task: task,
                    attempt: seen.attempt,
                    state: seen.state,
                    fraction: seen.state == .succeeded ? 1 : 0,
                    message: seen.message,
                    time: now
                )
            )
        }
    }

    /// The machines of tasks that are not as at the beginning.
    private static func restored(
        _ snapshot: RunSnapshot,
        spec: PipelineSpec,
        now: Timestamp
    ) -> [String: TaskStateMachine] {
        let tasks = Dictionary(snapshot.tasks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var machines: [String: TaskStateMachine] = [:]
        for task in spec.tasks {
            guard let stored = tasks[task.name] else { continue }
            let attempt = stored.latest.attempt
            let state: TaskStateMachine.State =
                switch stored.latest.state {
                case .pending:
                    stored.notBefore.map { .pausing(attempt: attempt, until: $0) } ?? .waiting(attempt: attempt)
                case .running: .running(attempt: attempt, deadline: now + task.timeout)
                default: .done(stored.latest.state)
                }
            machines[task.name] = TaskStateMachine(
                retries: task.retries,
                backoff: task.backoff,
                timeout: task.timeout,
                state: state,
                failures: stored.failures,
                losses: stored.losses
            )
        }
        return machines
    }
}

extension TaskAction {
    /// The action with every reference replaced by its value; scripts hold none.
    fileprivate func filled(with values: ValueTemplate.Values, path: String) throws(MartletError) -> TaskAction {
        switch self {
        case .step(let name, let with):
            let filled = try ValueTemplate.fill(.object(with), with: values, path: "\(path).with")
            return .step(name: name, with: filled.objectValue ?? [:])
        case .command(let words):
            return .command(try Self.filled(words, with: values, path: "\(path).run"))
        case .container(let spec):
            return .container(
                ContainerSpec(
                    image: spec.image,
                    command: try Self.filled(spec.command, with: values, path: "\(path).container.command"),
                    arguments: try Self.filled(spec.arguments, with: values, path: "\(path).container.args")
                )
            )
        case .script: return self
        }
    }

    private static func filled(
        _ words: [String],
        with values: ValueTemplate.Values,
        path: String
    ) throws(MartletError) -> [String] {
        var filled: [String] = []
        for (position, word) in words.enumerated() {
            let place = "\(path)[\(position)]"
            filled.append(try ValueTemplate(word, path: place).text(values, path: place))
        }
        return filled
    }
}
