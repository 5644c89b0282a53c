import Core
import Foundation
import Logging

/// Drives one run: feeds its state machine with what happens and performs what the machine decides.
///
/// Everything is recorded before it is shown or acted upon, under the run's lease. What happened while one record was
/// written goes into the next, so that a run with many short tasks costs one commit for many of them. When the lease is
/// lost, or the server stops, the driver stops what it started and records nothing more about it.
final class RunDriver: Sendable {
    let store: PipelineStore
    let lease: RunLease
    let context: PipelineService.Context
    let mailbox: RunMailbox

    init(store: PipelineStore, lease: RunLease, context: PipelineService.Context, mailbox: RunMailbox) {
        self.store = store
        self.lease = lease
        self.context = context
        self.mailbox = mailbox
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
        if let executor = spec.executor {
            return try await RunHandover(driver: self, spec: spec, snapshot: snapshot).follow(executor)
        }
        let running = snapshot.tasks.filter { $0.latest.state == .running && $0.latest.instances == nil }
        var progress = progress(snapshot, spec)
        // A worker elsewhere may still be at it: such an attempt is taken up again and not lost.
        let (remote, lost) = (
            running.filter { progress.declaration($0.name)?.spec.queue != nil },
            running.filter { progress.declaration($0.name)?.spec.queue == nil }
        )
        try await sweep(lost)
        defer { context.pools.release(run: lease.runID) }
        let state = try await withThrowingDiscardingTaskGroup { group in
            var batch = RunBatch()
            feed(.begin, &progress, &batch)
            for task in lost { feed(.task(task.name, .lost(attempt: task.latest.attempt)), &progress, &batch) }
            if snapshot.run.isCancelRequested { feed(.cancel, &progress, &batch) }
            for task in remote {
                batch.starts.append(
                    RunBatch.Start(task: task.name, attempt: task.latest.attempt, marker: task.marker ?? "")
                )
            }
            try await perform(&batch, &progress, &group)
            let state = try await follow(&progress, &group)
            group.cancelAll()
            return state
        }
        if state == nil { try await store.release(lease) }
        return state
    }

    private func progress(_ snapshot: RunSnapshot, _ spec: PipelineSpec) -> RunProgress {
        let seed = snapshot.run.id.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        let bounds = context.configuration.bounds
        let machine = PipelineRunStateMachine(
            spec: spec,
            parallel: spec.parallel.map { min($0, context.configuration.concurrentTasks() ?? $0) } ?? bounds.tasks,
            restored: RunRestoration(spec: spec, snapshot: snapshot, seed: seed, now: context.clock.now).machines(),
            isCancelled: snapshot.run.isCancelRequested,
            seed: seed
        )
        return RunProgress(machine: machine, spec: spec, snapshot: snapshot)
    }

    /// Ends what an earlier server left running.
    private func sweep(_ lost: [RunSnapshot.Task]) async throws {
        for task in lost {
            guard let marker = task.marker, !marker.isEmpty else { continue }
            let killed = try await BlockingWork.run { ProcessSweep.kill(marker: marker) }
            if killed > 0 {
                context.logger.notice(
                    "Ended \(killed) processes of an earlier server.",
                    metadata: ["task": "\(task.name)"]
                )
            }
        }
    }

    private func follow(
        _ progress: inout RunProgress,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws -> RunState? {
        if let ended = progress.ended { return ended }
        for await _ in mailbox.signals {
            var batch = RunBatch()
            for message in mailbox.take() {
                switch message {
                case .cancel: feed(.cancel, &progress, &batch)
                case .leaseLost: throw lease.lost
                case .tick(let time):
                    if progress.armed == time { progress.armed = nil }
                    feed(.tick, &progress, &batch)
                case .granted(let task): feed(.granted(task), &progress, &batch)
                case .ended(let task, let attempt, let outcome):
                    // When the server stops, its tasks end because it stops them: that is no result.
                    if Task.isCancelled { return nil }
                    take(outcome, of: task, attempt, &progress, &batch)
                }
            }
            try await perform(&batch, &progress, &group)
            if let ended = progress.ended { return ended }
        }
        return nil
    }

    private func take(
        _ outcome: TaskOutcome,
        of task: String,
        _ attempt: Int,
        _ progress: inout RunProgress,
        _ batch: inout RunBatch
    ) {
        progress.stops.removeValue(forKey: task)?.finish()
        switch outcome {
        case .succeeded(let outputs, let record):
            batch.results[task] = (outputs, record)
            feed(.task(task, .succeeded(attempt: attempt)), &progress, &batch)
        case .lost(let message, let record):
            batch.results[task] = ([:], record)
            batch.losses[task] = message
            feed(.task(task, .lost(attempt: attempt)), &progress, &batch)
        case .failed(let error, let record):
            batch.results[task] = ([:], record)
            let message = String(decoding: error.message.utf8.prefix(PipelinesLimits.errorBytes), as: UTF8.self)
            let event = TaskStateMachine.Event.failed(attempt: attempt, message: message, isFinal: false)
            feed(.task(task, event), &progress, &batch)
        }
        batch.results[task] = nil
    }

    /// Makes sure that a tick arrives when the machine next needs one.
    func arm(_ progress: inout RunProgress, _ group: inout ThrowingDiscardingTaskGroup<any Error>) {
        guard let wake = progress.machine.wakesAt, progress.ended == nil else { return }
        if let armed = progress.armed, armed <= wake { return }
        progress.armed = wake
        let (clock, mailbox) = (context.clock, mailbox)
        group.addTask {
            do { try await clock.sleep(for: max(.zero, wake - clock.now)) } catch { return }
            mailbox.send(.tick(wake))
        }
    }
}
