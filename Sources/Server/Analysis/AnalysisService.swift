package import Core
package import Logging
package import Rollouts
package import Storage

/// Who takes a measurement: what is wanted, for which rollout, and what was remembered from the one before.
package typealias MeasurementTaker =
    @Sendable (_ kind: MeasurementKind, _ question: RolloutQuestion, _ memory: JSONObject) async throws
    -> (measurement: ExternalMeasurement, memory: JSONObject)

/// Measures for rollouts what requests do not show: on a schedule of its own, answering at once with what is known.
package actor AnalysisService {
    private let store: AnalysisStore
    private let take: MeasurementTaker
    /// The time.
    nonisolated let clock: Clock
    private let logger: Logger
    private var rollouts: [String: RolloutMeasurements] = [:]
    private var underWay = 0

    /// Makes a service that measures nothing before `run`.
    ///
    /// - Parameters:
    ///   - database: where counts are kept, with `AnalysisStore.migrations`.
    ///   - clock: the time.
    ///   - logger: where failures are told.
    ///   - take: takes one measurement; what it throws is counted as an error.
    package init(
        database: Database,
        clock: Clock,
        logger: Logger = Logger(label: "martlet.analysis"),
        take: @escaping MeasurementTaker
    ) {
        store = AnalysisStore(database: database)
        self.clock = clock
        self.logger = logger
        self.take = take
    }

    /// What is known of what a rollout wants; the answer to every look.
    package func measurements(_ question: RolloutQuestion) async -> [String: ExternalMeasurement] {
        let wanted = MeasurementKind.wanted(question.checks)
        guard !wanted.isEmpty || rollouts[question.rollout] != nil else { return [:] }
        if rollouts[question.rollout] == nil {
            do {
                let stored = try await store.load(question)
                if rollouts[question.rollout] == nil {
                    rollouts[question.rollout] = RolloutMeasurements(question, stored: stored)
                }
            } catch {
                // Beginning to count anew would forgive failures: without the counts nothing is said.
                logger.error("The measurements of a rollout cannot be read: \(error)")
                return [:]
            }
        }
        rollouts[question.rollout]?.ask(question)
        return rollouts[question.rollout]?.known ?? [:]
    }

    /// Measures what is due until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for job in due() { group.addTask { await self.perform(job) } }
                do { try await clock.sleep(for: .milliseconds(AnalysisLimits.tickMilliseconds)) } catch { break }
            }
            group.cancelAll()
        }
    }

    /// Measures what is due now and waits for it.
    package func measureDue() async {
        await withDiscardingTaskGroup { group in
            for job in due() { group.addTask { await self.perform(job) } }
        }
    }

    private struct Job: Sendable {
        let name: String
        let kind: MeasurementKind
        let question: RolloutQuestion
        let memory: JSONObject
    }

    private func due() -> [Job] {
        let now = clock.now
        rollouts = rollouts.filter { !$0.value.isForgotten(now: now) }
        var jobs: [Job] = []
        for (id, rollout) in rollouts.sorted(by: { $0.key < $1.key }) {
            for name in rollouts[id]?.begin(now: now, atMost: AnalysisLimits.concurrent - underWay) ?? [] {
                guard let series = rollout.series[name] else { continue }
                underWay += 1
                jobs.append(
                    Job(name: name, kind: series.kind, question: rollout.question, memory: series.memory)
                )
            }
        }
        return jobs
    }

    private func perform(_ job: Job) async {
        var (measurement, memory) = (ExternalMeasurement(takenAt: clock.now), job.memory)
        do {
            (measurement, memory) = try await take(job.kind, job.question, job.memory)
        } catch {
            if Task.isCancelled || error is CancellationError {
                underWay -= 1
                rollouts[job.question.rollout]?.abandon(job.name)
                return
            }
            measurement.isError = true
            measurement.message = MartletError.wrapping(error).message
        }
        measurement.message = String(measurement.message.prefix(AnalysisLimits.messageCharacters))
        underWay -= 1
        guard var rollout = rollouts[job.question.rollout] else { return }
        let now = clock.now
        rollout.finish(job.name, measurement, memory: memory, now: now)
        if let series = rollout.series[job.name] {
            do {
                // What counts is stored before it is told.
                try await store.save(series, job.name, of: job.question, now: now)
            } catch {
                logger.error("A measurement cannot be stored; it counts until the server ends: \(error)")
            }
        }
        rollouts[job.question.rollout]?.finish(job.name, measurement, memory: memory, now: now)
    }

    /// What was measured for a deployment's rollouts, the newest first.
    package func list(_ deployment: String, limit: Int) async throws -> [JSONValue] {
        try await store.list(deployment, limit: limit)
    }
}
