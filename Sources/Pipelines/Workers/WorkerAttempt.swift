import Core
import Foundation
import Logging
import Synchronization

/// One attempt at a worker: runs it, writes its lines while it runs, and records how it ended under its claim.
final class WorkerAttempt: Sendable {
    /// Why an attempt is stopped before its end.
    enum Stop: Sendable, Equatable {
        /// The server asked for it.
        case requested
        /// The worker ends and leaves it to others.
        case givenBack
        /// Somebody else has it.
        case lost
    }

    private enum Signal: Sendable {
        case ended(Offer.Outcome)
        case stopped
        case flusherEnded
    }

    let claim: OfferClaim
    private let offers: OfferStore
    private let configuration: WorkerConfiguration
    private let clock: Clock
    private let logger: Logger
    private let log: TaskLog
    private let stop = Mutex<Stop?>(nil)
    private let stops: AsyncStream<Void>
    private let stopping: AsyncStream<Void>.Continuation

    init(
        _ claim: OfferClaim,
        offers: OfferStore,
        configuration: WorkerConfiguration,
        clock: Clock,
        logger: Logger
    ) {
        self.claim = claim
        self.offers = offers
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        log = TaskLog(attempt: claim.key.attempt, clock: clock)
        (stops, stopping) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Has the attempt stopped; the first reason counts, except that a claim that is lost outweighs all.
    func end(_ reason: Stop) {
        stop.withLock { if $0 == nil || reason == .lost { $0 = reason } }
        stopping.yield()
    }

    /// Runs the attempt to its end and records it.
    func run() async {
        let job: StepJob
        do {
            job = try claim.job.job(below: configuration.workDirectory, pipelines: configuration.pipelines)
        } catch {
            await record(.failed(error.code, error.message), usage: nil, artifacts: .null)
            return
        }
        log.append("Runs at the worker '\(configuration.name)'.", stream: .martlet)
        let outcome = await follow(job)
        let artifacts = JSONValue.array(job.basket.records.map(\.json))
        let reason = stop.withLock { $0 }
        var usage = job.meter.reading
        usage?.worker = configuration.name
        switch (reason, outcome) {
        case (.lost, _): logger.warning("\(claim.lost.message)", metadata: metadata)
        case (.givenBack, .failed): await giveBack()
        default: await record(outcome, usage: usage, artifacts: artifacts)
        }
        await AttemptDirectory.remove(job.directory)
    }

    private var metadata: Logger.Metadata {
        ["run": "\(claim.key.run)", "task": "\(claim.key.task)", "attempt": "\(claim.key.attempt)"]
    }

    private func follow(_ job: StepJob) async -> Offer.Outcome {
        await withTaskGroup(of: Signal.self) { group in
            group.addTask { .ended(await self.execute(job)) }
            group.addTask {
                for await _ in self.stops { break }
                return Task.isCancelled ? .flusherEnded : .stopped
            }
            group.addTask {
                await self.flush()
                return .flusherEnded
            }
            var outcome = Offer.Outcome.failed(.cancelled, "The task did not start.")
            while let signal = await group.next() {
                switch signal {
                case .ended(let result):
                    outcome = result
                    group.cancelAll()
                case .stopped: group.cancelAll()
                case .flusherEnded: break
                }
            }
            return outcome
        }
    }

    private func staging(_ job: StepJob) throws(MartletError) -> ArtifactStaging? {
        guard !job.inputs.isEmpty || !job.outputs.isEmpty else { return nil }
        guard let staging = configuration.staging else {
            throw MartletError(
                .failedPrecondition,
                "The task '\(job.task)' has artifacts, but its worker was not told the server's store; start it with --artifacts."
            )
        }
        return staging
    }

    private func execute(_ job: StepJob) async -> Offer.Outcome {
        do {
            var job = job
            job.secrets = try await values(of: job)
            try FileManager.default.createDirectory(
                atPath: job.directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            let staging = try staging(job)
            try await staging?.stageIn(job)
            let log = log
            let outputs = try await configuration.executor(job.action, claim.job.trackingURI).execute(
                job,
                log: { log.append($0, stream: $1) },
                progress: { log.report(fraction: $0, message: $1) }
            )
            try await staging?.collect(job)
            return .succeeded(outputs)
        } catch {
            let failure = MartletError.wrapping(error)
            return .failed(failure.code, failure.message)
        }
    }

    private func values(of job: StepJob) async throws -> [String: String] {
        guard !job.secretNames.isEmpty else { return [:] }
        let values = try await configuration.secrets(Array(Set(job.secretNames.values)))
        var given: [String: String] = [:]
        for (variable, name) in job.secretNames {
            guard let value = values[name] else {
                throw MartletError(.notFound, "There is no secret '\(name)', which the task '\(job.task)' asks for.")
            }
            given[variable] = value
        }
        return given
    }

    /// Writes lines soon after they come, until it is cancelled.
    private func flush() async {
        for await _ in log.arrivals {
            do { try await clock.sleep(for: PipelinesLimits.logDelay) } catch { return }
            let batch = log.take()
            do {
                try await offers.record(batch, claim)
            } catch {
                log.putBack(batch)
                logger.warning("\(error)", metadata: metadata)
            }
            do { try await clock.sleep(for: PipelinesLimits.logFlush) } catch { return }
        }
    }

    /// Records the end, again and again while the database is away.
    private func record(_ outcome: Offer.Outcome, usage: TaskUsage?, artifacts: JSONValue) async {
        let rest = log.finish()
        await persist { [offers, claim] in
            try await offers.finish(claim, outcome, usage: usage, artifacts: artifacts, rest: rest)
        }
    }

    private func giveBack() async {
        log.append("The worker '\(configuration.name)' stopped; the attempt begins anew elsewhere.", stream: .martlet)
        let rest = log.finish()
        await persist { [offers, claim] in try await offers.giveBack(claim, rest: rest) }
    }

    private func persist(_ write: @Sendable () async throws -> Void) async {
        while true {
            do {
                try await write()
                return
            } catch let error as MartletError where error.code == .unavailable {
                logger.warning("\(error)", metadata: metadata)
                do { try await clock.sleep(for: PipelinesLimits.workerHeartbeat) } catch { return }
            } catch {
                logger.warning("\(error)", metadata: metadata)
                return
            }
        }
    }
}
