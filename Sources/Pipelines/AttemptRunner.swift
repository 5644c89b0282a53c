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
    ///   - job: What to run.
    ///   - log: Collects lines and progress; what is left in it at the end belongs to the result's write.
    ///   - stop: Ends or yields when the attempt is to be stopped.
    ///   - progress: Called at once with each progress.
    /// - Returns: How the attempt ended.
    func run(
        _ job: StepJob,
        log: TaskLog,
        stop: AsyncStream<Void>,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async -> TaskOutcome {
        await withTaskGroup(of: Signal.self) { group in
            group.addTask { .ended(await execute(job, log: log, progress: progress)) }
            group.addTask {
                for await _ in stop { break }
                return .stopRequested
            }
            group.addTask {
                await flush(log, of: job)
                return .flusherEnded
            }
            var outcome = TaskOutcome.failed(MartletError(.cancelled, "The task did not start."))
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
        _ job: StepJob,
        log: TaskLog,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async -> TaskOutcome {
        do {
            var job = job
            job.secrets = try await values(of: job)
            try FileManager.default.createDirectory(
                atPath: job.directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
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
            return .succeeded(outputs)
        } catch {
            let failure = MartletError.wrapping(error)
            if failure.code == .internal {
                logger.error("\(failure)", metadata: ["run": "\(job.runID)", "task": "\(job.task)"])
            }
            return .failed(failure)
        }
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

    /// Writes lines and progress now and then until it is cancelled; what it cannot write it leaves for the next time.
    private func flush(_ log: TaskLog, of job: StepJob) async {
        while true {
            do { try await clock.sleep(for: PipelinesLimits.logFlush) } catch { return }
            let batch = log.take()
            guard !batch.isEmpty else { continue }
            do {
                try await store.record([.log(task: job.task, attempt: job.attempt, batch)], lease: lease)
            } catch {
                log.putBack(batch)
                logger.warning("\(error)", metadata: ["run": "\(job.runID)", "task": "\(job.task)"])
            }
        }
    }
}
