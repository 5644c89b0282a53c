import Core
import Foundation

/// Starting attempts.
extension RunDriver {
    /// Starts an attempt whose start is recorded.
    func launch(
        _ start: RunBatch.Start,
        _ progress: inout RunProgress,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) {
        let (task, attempt) = (start.task, start.attempt)
        guard let (spec, index) = progress.declaration(task) else { return }
        let log = TaskLog(attempt: attempt, clock: context.clock)
        progress.logs[task] = log
        let plan: AttemptPlan
        do {
            plan = try self.plan(spec, index, start, progress)
        } catch {
            let failure = TaskOutcome.failed(MartletError.wrapping(error), AttemptRecord())
            mailbox.send(.ended(task: task, attempt: attempt, failure))
            return
        }
        progress.attempts[task] = RunProgress.RunningAttempt(job: plan.job, spec: spec, startedAt: context.clock.now)
        let (stops, stop) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        progress.stops[task] = stop
        let runner = AttemptRunner(
            store: store,
            lease: lease,
            executor: context.executor(for: spec),
            secrets: context.configuration.secrets,
            clock: context.clock,
            logger: context.logger
        )
        let (context, run, mailbox) = (context, progress.run, mailbox)
        group.addTask {
            let outcome = await runner.run(plan, log: log, stop: stops, artifacts: context.configuration.artifacts) {
                fraction,
                message in
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

    private func plan(
        _ spec: TaskSpec,
        _ index: Int?,
        _ start: RunBatch.Start,
        _ progress: RunProgress
    ) throws(MartletError) -> AttemptPlan {
        try context.requireExecutor(for: spec)
        var values = progress.values(for: spec, index: index)
        let given = try spec.filled(with: values)
        // For the cache it does not matter where the manifest lies.
        values.directory = "${pipeline.directory}"
        let neutral = try spec.filled(with: values)
        var environment = given.environment
        if let item = values.item { environment["MARTLET_ITEM"] = item.stringValue ?? item.description }
        var job = StepJob(
            runID: progress.run.id,
            pipeline: progress.run.pipeline,
            task: start.task,
            attempt: start.attempt,
            action: given.action,
            environment: environment,
            secretNames: spec.secrets,
            resources: spec.resources,
            parameters: progress.run.parameters,
            upstream: progress.upstream(of: spec),
            directory:
                "\(context.configuration.workDirectory)/\(progress.run.id)/\(start.task)/\(start.attempt)",
            pipelineDirectory: progress.directory,
            marker: start.marker
        )
        job.item = values.item
        job.inputs = try progress.inputs(of: spec)
        job.outputs = spec.outputs
        return AttemptPlan(
            job: job,
            fingerprint: TaskFingerprint(spec: spec, action: neutral.action, environment: neutral.environment)
        )
    }
}

/// An attempt, ready to run, and what tells it from others.
struct AttemptPlan: Sendable {
    let job: StepJob
    let fingerprint: TaskFingerprint
}

extension TaskSpec {
    /// What the task does, with every reference replaced by its value; scripts hold none.
    func filled(
        with values: ValueTemplate.Values
    ) throws(MartletError) -> (action: TaskAction, environment: [String: String]) {
        var environment: [String: String] = [:]
        for (variable, text) in self.environment {
            let path = "\(name).env.\(variable)"
            environment[variable] = try ValueTemplate(text, path: path).text(values, path: path)
        }
        switch action {
        case .step(let step, let with):
            let filled = try ValueTemplate.fill(.object(with), with: values, path: "\(name).with")
            return (.step(name: step, with: filled.objectValue ?? [:]), environment)
        case .command(let words):
            return (.command(try Self.filled(words, with: values, path: "\(name).run")), environment)
        case .container(let spec):
            let container = ContainerSpec(
                image: spec.image,
                command: try Self.filled(spec.command, with: values, path: "\(name).container.command"),
                arguments: try Self.filled(spec.arguments, with: values, path: "\(name).container.args")
            )
            return (.container(container), environment)
        case .script: return (action, environment)
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
