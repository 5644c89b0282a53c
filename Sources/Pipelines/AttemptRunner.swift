import Artifacts
import Core
import Foundation
import Logging

/// Executes one attempt: its directory, its executor, its log written while it runs, and the stop on request.
struct AttemptRunner: Sendable {
    private enum Signal: Sendable {
        case ended(TaskOutcome)
        case stopRequested
        case flusherEnded
    }

    let store: PipelineStore
    let lease: RunLease
    let executor: any StepExecutor
    let secrets: @Sendable ([String]) async throws -> [String: String]
    let clock: Clock
    let logger: Logger

    /// Runs the job to its end; returns only when nothing of it runs any more.
    ///
    /// - Parameters:
    ///   - plan: What to run.
    ///   - log: Collects lines and progress; what is left in it at the end belongs to the result's write.
    ///   - stop: Ends or yields when the attempt is to be stopped.
    ///   - artifacts: Where artifacts are kept; nil when this server keeps none.
    ///   - progress: Called at once with each progress.
    /// - Returns: How the attempt ended.
    func run(
        _ plan: AttemptPlan,
        log: TaskLog,
        stop: AsyncStream<Void>,
        artifacts: (any ArtifactStore)?,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async -> TaskOutcome {
        await withTaskGroup(of: Signal.self) { group in
            group.addTask { .ended(await execute(plan, log: log, artifacts: artifacts, progress: progress)) }
            group.addTask {
                for await _ in stop { break }
                // When the server stops the stream ends, too: that is not meant for the attempt.
                if Task.isCancelled { return .flusherEnded }
                plan.job.stop.raise()
                return .stopRequested
            }
            group.addTask {
                await flush(log, of: plan.job)
                return .flusherEnded
            }
            var outcome = TaskOutcome.failed(MartletError(.cancelled, "The task did not start."), AttemptRecord())
            while let signal = await group.next() {
                switch signal {
                case .ended(let result):
                    outcome = result
                    group.cancelAll()
                case .stopRequested: group.cancelAll()
                case .flusherEnded: break
                }
            }
            return outcome
        }
    }

    private func execute(
        _ plan: AttemptPlan,
        log: TaskLog,
        artifacts: (any ArtifactStore)?,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async -> TaskOutcome {
        var record = AttemptRecord()
        do {
            let hash = try await prepare(plan, &record)
            if let found = try await reuse(plan, hash: hash, artifacts: artifacts, &record, log: log) {
                return .succeeded(found, record)
            }
            var job = plan.job
            job.secrets = try await values(of: job)
            try FileManager.default.createDirectory(
                atPath: job.directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            let staging = try staging(job, artifacts)
            try await staging?.stageIn(job)
            let outputs = try await executor.execute(
                job,
                log: { log.append($0, stream: $1) },
                progress: { fraction, message in
                    log.report(fraction: fraction, message: message)
                    progress(fraction, message)
                }
            )
            let size = JSONValue.object(outputs).serialized().count
            guard size <= PipelinesLimits.outputBytes else {
                throw MartletError(
                    .failedPrecondition,
                    "The outputs of the task '\(job.task)' have \(size) bytes; at most \(PipelinesLimits.outputBytes) are accepted."
                )
            }
            try await staging?.collect(job)
            record.artifacts = job.basket.records
            record.usage = job.meter.reading.map { JSONValue.object($0.json) }
            return .succeeded(outputs, record)
        } catch let loss as AttemptLost {
            record.usage = plan.job.meter.reading.map { JSONValue.object($0.json) }
            return .lost(loss.message, record)
        } catch {
            record.usage = plan.job.meter.reading.map { JSONValue.object($0.json) }
            let failure = MartletError.wrapping(error)
            if failure.code == .internal {
                logger.error("\(failure)", metadata: ["run": "\(plan.job.runID)", "task": "\(plan.job.task)"])
            }
            return .failed(failure, record)
        }
    }

    /// The code's hash; of commands always, for the record, of steps when they are looked for in the cache.
    private func prepare(_ plan: AttemptPlan, _ record: inout AttemptRecord) async throws -> String? {
        if case .step = plan.job.action, plan.fingerprint.spec.cache == nil { return nil }
        let directory = plan.job.pipelineDirectory
        let fingerprint = plan.fingerprint
        let hash = try await BlockingWork.run { try fingerprint.codeHash(directory: directory) }
        record.codeHash = hash
        return hash
    }

    /// What an earlier attempt gave, when the task may take it and its artifacts are still there.
    private func reuse(
        _ plan: AttemptPlan,
        hash: String?,
        artifacts: (any ArtifactStore)?,
        _ record: inout AttemptRecord,
        log: TaskLog
    ) async throws -> JSONObject? {
        guard let policy = plan.fingerprint.spec.cache, let hash else { return nil }
        let key = plan.fingerprint.cacheKey(of: plan.job, codeHash: hash)
        record.cacheKey = key
        let oldest = policy.age.map { Timestamp(milliseconds: clock.now.milliseconds - $0.wholeMilliseconds) }
        guard let found = try await store.cached(key, since: oldest) else { return nil }
        for artifact in found.artifacts {
            let place = try ArtifactPath(validating: artifact.place)
            guard try await artifacts?.entry(place) != nil else { return nil }
        }
        record.cachedFrom = found.from
        record.artifacts = found.artifacts
        log.append("Taken from the run \(found.from.runID): same code, parameters and inputs.", stream: .martlet)
        return found.outputs
    }

    private func staging(_ job: StepJob, _ artifacts: (any ArtifactStore)?) throws -> ArtifactStaging? {
        guard !job.inputs.isEmpty || !job.outputs.isEmpty, !executor.stagesArtifacts else { return nil }
        guard let artifacts else {
            throw MartletError(
                .failedPrecondition,
                "This server keeps no artifacts, but the task '\(job.task)' has some."
            )
        }
        return ArtifactStaging(store: artifacts)
    }

    /// The values of the secrets that the job asks for, by variable; asked anew for each attempt.
    private func values(of job: StepJob) async throws -> [String: String] {
        guard !job.secretNames.isEmpty else { return [:] }
        let values = try await secrets(Array(Set(job.secretNames.values)))
        var given: [String: String] = [:]
        for (variable, name) in job.secretNames {
            guard let value = values[name] else {
                throw MartletError(.notFound, "There is no secret '\(name)', which the task '\(job.task)' asks for.")
            }
            given[variable] = value
        }
        return given
    }

    /// Writes lines and progress soon after they come, until it is cancelled; what it cannot write it leaves for the next time.
    private func flush(_ log: TaskLog, of job: StepJob) async {
        for await _ in log.arrivals {
            // What comes together is written together, and what ends at once is written with its end.
            do { try await clock.sleep(for: PipelinesLimits.logDelay) } catch { return }
            let batch = log.take()
            if !batch.isEmpty {
                do {
                    try await store.record([.log(task: job.task, attempt: job.attempt, batch)], lease: lease)
                } catch {
                    log.putBack(batch)
                    logger.warning("\(error)", metadata: ["run": "\(job.runID)", "task": "\(job.task)"])
                }
            }
            do { try await clock.sleep(for: PipelinesLimits.logFlush) } catch { return }
        }
    }
}
