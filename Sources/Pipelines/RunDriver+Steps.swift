import Core
import Foundation

/// What a driver makes of the machine's decisions.
extension RunDriver {
    /// Feeds one event, and the answers to what the machine asks, and notes what comes of it.
    func feed(_ event: PipelineRunStateMachine.Event, _ progress: inout RunProgress, _ batch: inout RunBatch) {
        let now = context.clock.now
        var actions = progress.machine.handle(event, now: now)
        var next = 0
        while next < actions.count {
            let action = actions[next]
            next += 1
            switch action {
            case .task(let task, let action): note(task, action, &progress, &batch, now: now)
            case .decide(let task): actions += progress.machine.handle(decide(task, progress), now: now)
            case .expand(let task): actions += progress.machine.handle(expand(task, &progress), now: now)
            case .open(let task, let attempt, _):
                batch.changes.append(.open(task: task, attempt: attempt, items: progress.items[task] ?? []))
                announce(task, attempt, .running, nil, progress, &batch, now: now)
            case .admit(let task, let attempt):
                batch.changes.append(.admit(task: task, attempt: attempt, place: progress.places[task] ?? 0))
            case .request(let task): batch.requests.append(task)
            case .finish(let state, let message):
                batch.changes.append(.finish(state, error: message))
                batch.ended = state
            }
        }
    }

    private func decide(_ task: String, _ progress: RunProgress) -> PipelineRunStateMachine.Event {
        guard let spec = progress.tasks[task], let condition = spec.condition else { return .decided(task, true) }
        let facts = Condition.Facts(values: progress.values(for: spec, index: nil), states: progress.states)
        do throws(MartletError) {
            return .decided(task, try condition.holds(facts, path: "\(task).when"))
        } catch {
            return .refused(task, message: error.message)
        }
    }

    private func expand(_ task: String, _ progress: inout RunProgress) -> PipelineRunStateMachine.Event {
        guard let spec = progress.tasks[task], let fan = spec.fanOut else { return .expanded(task, count: 0) }
        do throws(MartletError) {
            let items = try fan.items(progress.values(for: spec, index: nil), path: task)
            progress.items[task] = items
            progress.counts[task] = items.count
            return .expanded(task, count: items.count)
        } catch {
            return .refused(task, message: error.message)
        }
    }

    private func note(
        _ task: String,
        _ action: TaskStateMachine.Action,
        _ progress: inout RunProgress,
        _ batch: inout RunBatch,
        now: Timestamp
    ) {
        switch action {
        case .start(let attempt):
            let marker = Identifier.random()
            batch.changes.append(.start(task: task, attempt: attempt, marker: marker))
            batch.starts.append(RunBatch.Start(task: task, attempt: attempt, marker: marker))
            announce(task, attempt, .running, nil, progress, &batch, now: now)
        case .end(let attempt, let state, let message):
            end(task, attempt, state, message, &progress, &batch, now: now)
        case .drop(let attempt, let state, let message):
            let cause = progress.machine.skipCause(of: task)
            batch.changes.append(.drop(task: task, attempt: attempt, state: state, error: message, cause: cause))
            settled(task, state, message, RunProgress.TaskResult(), &progress, &batch)
            announce(task, attempt, state, message, progress, &batch, now: now)
        case .plan(let attempt, let time):
            batch.changes.append(.plan(task: task, attempt: attempt, at: time))
            announce(task, attempt, .pending, nil, progress, &batch, now: now)
        case .stop: batch.stops.append(task)
        }
    }

    private func end(
        _ task: String,
        _ attempt: Int,
        _ state: TaskState,
        _ message: String?,
        _ progress: inout RunProgress,
        _ batch: inout RunBatch,
        now: Timestamp
    ) {
        let text = state == .lost ? batch.losses[task] ?? message : message
        let isGroup = progress.tasks[task]?.fanOut != nil
        // An attempt of an earlier server has no log here; how it ended is said all the same.
        let log = progress.logs.removeValue(forKey: task) ?? TaskLog(attempt: attempt, clock: context.clock)
        if let text, !isGroup { log.append(text, stream: .martlet) }
        let lines = log.finish()
        if !lines.isEmpty { batch.changes.append(.log(task: task, attempt: attempt, lines)) }
        let result = batch.results[task]
        var record = result?.record ?? AttemptRecord()
        let outputs = state == .succeeded ? result?.outputs : nil
        if state != .succeeded {
            record.artifacts = []
            record.cacheKey = nil
        }
        let running = progress.attempts.removeValue(forKey: task)
        if let running {
            record.ending = ending(running, state, outputs ?? [:], record, now: now)
            if let usage = running.job.meter.reading { batch.usages.append((usage, task)) }
        }
        batch.changes.append(
            .end(task: task, attempt: attempt, state: state, error: text, outputs: outputs, record: record)
        )
        let pool = running?.spec.pool ?? progress.declaration(task)?.spec.pool
        if let pool, !isGroup { batch.releases.append((pool.name, task)) }
        // A failure that is tried again is followed by a plan; the machine knows.
        if case .done? = progress.machine.state(of: task) {
            let kept = RunProgress.TaskResult(outputs: outputs ?? [:], artifacts: record.artifacts)
            settled(task, state, text, kept, &progress, &batch)
        }
        announce(task, attempt, state, text, progress, &batch, now: now)
    }

    private func settled(
        _ task: String,
        _ state: TaskState,
        _ message: String?,
        _ result: RunProgress.TaskResult,
        _ progress: inout RunProgress,
        _ batch: inout RunBatch
    ) {
        progress.note(task, state, result)
        if state == .failed { progress.noteFailure(task, message ?? "") }
        if let pool = progress.tasks[task]?.pool, state != .succeeded { batch.releases.append((pool.name, task)) }
        batch.forgets.append(task)
    }

    private func ending(
        _ running: RunProgress.RunningAttempt,
        _ state: TaskState,
        _ outputs: JSONObject,
        _ record: AttemptRecord,
        now: Timestamp
    ) -> TaskEnding {
        let job = running.job
        var image: String?
        if case .container(let container) = job.action { image = container.image }
        return TaskEnding(
            runID: job.runID,
            pipeline: job.pipeline,
            task: job.task,
            attempt: job.attempt,
            state: state,
            spec: running.spec,
            given: TaskFingerprint.given(job.action, job.environment).objectValue ?? [:],
            parameters: job.parameters,
            upstream: job.upstream,
            outputs: outputs,
            inputArtifacts: job.inputs.flatMap(\.records),
            outputArtifacts: record.artifacts,
            codeHash: record.codeHash,
            image: image,
            cachedFrom: record.cachedFrom,
            item: job.item,
            startedAt: running.startedAt,
            finishedAt: now,
            directory: job.pipelineDirectory
        )
    }

    private func announce(
        _ task: String,
        _ attempt: Int,
        _ state: TaskState,
        _ message: String?,
        _ progress: RunProgress,
        _ batch: inout RunBatch,
        now: Timestamp
    ) {
        batch.changed.append(
            TaskChange(
                runID: progress.run.id,
                pipeline: progress.run.pipeline,
                task: task,
                attempt: attempt,
                state: state,
                fraction: state == .succeeded ? 1 : 0,
                message: message,
                time: now
            )
        )
    }

    /// Records a batch, then does everything that can be seen.
    func perform(
        _ batch: inout RunBatch,
        _ progress: inout RunProgress,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        try await store.record(batch.changes, lease: lease)
        for change in batch.changed { context.onTaskChange(change) }
        for (usage, task) in batch.usages { context.configuration.usage(usage, progress.run.pipeline, task) }
        for task in batch.stops { progress.stops[task]?.yield() }
        for (pool, task) in batch.releases { context.pools.release(pool, run: lease.runID, task: task) }
        for task in batch.requests { request(task, progress) }
        for start in batch.starts { launch(start, &progress, &group) }
        // What was launched has what it needs; now it may go.
        for task in batch.forgets { progress.forget(after: task) }
        if let ended = batch.ended { progress.ended = ended }
        arm(&progress, &group)
    }

    private func request(_ task: String, _ progress: RunProgress) {
        guard let spec = progress.declaration(task)?.spec, let use = spec.pool else { return }
        let mailbox = mailbox
        context.pools.request(
            use.name,
            PoolBoard.Ticket(
                run: lease.runID,
                task: task,
                slots: use.slots,
                capacity: progress.spec.pools[use.name] ?? use.slots,
                priority: progress.run.priority + spec.priority,
                grant: { mailbox.send(.granted(task: task)) }
            )
        )
    }
}
