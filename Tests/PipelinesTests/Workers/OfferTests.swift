import Core
import Foundation
import Logging
import Pipelines
import Storage
import Synchronization
import TestSupport
import Testing

/// Offers between servers and workers: taken once, recorded once, never by two.
@Suite(.overEveryDatabase)
struct OfferTests {
    private static let key = Offer.Key(run: "r", task: "t", attempt: 1)

    private func job(_ action: TaskAction, in directory: String = "/nowhere", secret: String? = nil) -> StepJob {
        var resources = TaskResources()
        resources.limits.memoryBytes = 1 << 30
        resources.limits.processors = 1.5
        resources.limits.processorTime = .seconds(60)
        resources.isOffline = false
        var job = StepJob(
            runID: "r",
            pipeline: "p",
            task: "t",
            attempt: 1,
            action: action,
            environment: ["RATE": "0.5"],
            secretNames: secret.map { ["KEY": $0] } ?? [:],
            resources: resources,
            parameters: ["x": 1],
            upstream: ["before": ["value": [1, 2]]],
            directory: directory,
            pipelineDirectory: "/srv/pipelines",
            marker: Identifier.random()
        )
        job.item = ["lr": 0.1]
        return job
    }

    private func offers(_ fixture: PipelineFixture) -> OfferStore {
        OfferStore(database: fixture.database, clock: fixture.clock)
    }

    private func worker(
        _ fixture: PipelineFixture,
        _ name: String = "w",
        drain: Duration = .seconds(60)
    ) -> PipelineWorker {
        var configuration = WorkerConfiguration(
            name: name,
            queues: ["gpu"],
            workDirectory: fixture.directory + "/" + name,
            secrets: { _ in throw MartletError(.notFound, "no secrets here") },
            executor: { _, uri in
                CommandExecutor(trackingURI: uri, searchPath: "/usr/bin:/bin", grace: .milliseconds(100))
            }
        )
        configuration.drain = drain
        return PipelineWorker(
            offers: offers(fixture),
            configuration: configuration,
            clock: .system,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test func aJobSurvivesTheWayThroughTheDatabase() async throws {
        let before = job(.command(["python3", "/srv/pipelines/a.py", "${x}"]), secret: "api-key")
        var form = OfferedJob(before, trackingURI: "http://h:1").json
        form["outputs"] = [["name": "model", "path": "out/model"]]
        let offered = OfferedJob(json: form)
        let after = try offered.job(below: "/tasks", pipelines: nil)
        #expect(after.action == before.action && after.environment == before.environment)
        #expect(after.secretNames == ["KEY": "api-key"] && after.secrets.isEmpty)
        #expect(after.resources == before.resources && after.parameters == before.parameters)
        #expect(after.upstream == before.upstream && after.marker == before.marker)
        #expect(after.item == before.item && after.outputs.map(\.path) == ["out/model"])
        #expect(after.directory == "/tasks/r/t/1" && offered.trackingURI == "http://h:1")
        let moved = try offered.job(below: "/tasks", pipelines: "/mnt/code")
        #expect(moved.action == .command(["python3", "/mnt/code/a.py", "${x}"]))
        #expect(moved.pipelineDirectory == "/mnt/code")
    }

    @Test func anOfferIsTakenOnceAndRecordedUnderItsFence() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        let offers = offers(fixture)
        let offered = OfferedJob(job(.command(["true"])), trackingURI: nil)
        #expect(try await offers.offer(Self.key, offered, queue: "gpu"))
        #expect(try await !offers.offer(Self.key, offered, queue: "gpu"))
        #expect(try await offers.claim(worker: "a", queues: ["cpu"], limit: 9).isEmpty)
        let claim = try #require(try await offers.claim(worker: "a", queues: ["cpu", "gpu"], limit: 9).first)
        #expect(try await offers.claim(worker: "b", queues: ["gpu"], limit: 9).isEmpty)
        #expect(try await offers.heartbeat(worker: "a")[Self.key]?.fence == claim.fence)
        let seen = try #require(try await offers.offer(Self.key))
        #expect(try await offers.lose(seen))
        #expect(try await !offers.lose(seen))
        await #expect(throws: MartletError.self) {
            try await offers.finish(claim, .succeeded(["x": 1]), usage: nil, rest: TaskLog.Batch())
        }
        await #expect(throws: MartletError.self) { try await offers.giveBack(claim, rest: TaskLog.Batch()) }
        #expect(try await offers.offer(Self.key)?.state == .lost)
        #expect(try await offers.heartbeat(worker: "a").isEmpty)
    }

    @Test func aWorkerRunsWhatIsOfferedAndItsOutcomeComesBack() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        let offers = offers(fixture)
        let worker = worker(fixture)
        let job = job(.script(#"echo "rate $RATE"; printf '{"seen": "%s"}' "$MARTLET_TASK" > "$MARTLET_OUTPUTS""#))
        var plain = StepJob(
            runID: "r",
            pipeline: "p",
            task: "t",
            attempt: 1,
            action: job.action,
            environment: job.environment,
            directory: "/nowhere",
            pipelineDirectory: fixture.directory,
            marker: job.marker
        )
        plain.item = 3
        let executor = OfferExecutor(offers: offers, queue: "gpu", poll: .milliseconds(10))
        let outputs = try await working(worker) { [plain] in
            try await executor.execute(plain, log: { _, _ in }, progress: { _, _ in })
        }
        #expect(outputs == ["seen": "t"])
        #expect(plain.meter.reading?.worker == "w")
        let lines = try await fixture.database.read { connection in
            try connection.query("SELECT line FROM task_logs ORDER BY position").map { try $0.text("line") }
        }
        #expect(lines == ["Runs at the worker 'w'.", "rate 0.5"])
        #expect(!FileManager.default.fileExists(atPath: fixture.directory + "/w/r/t/1"))
    }

    @Test func aSilentWorkerLosesItsAttempt() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        let offers = offers(fixture)
        try await offers.offer(Self.key, OfferedJob(job(.command(["true"])), trackingURI: nil), queue: "gpu")
        _ = try await offers.claim(worker: "gone", queues: ["gpu"], limit: 1)
        let executor = OfferExecutor(
            offers: offers,
            queue: "gpu",
            poll: .milliseconds(5),
            lease: .milliseconds(50)
        )
        await #expect(throws: AttemptLost("The worker 'gone' was not heard of any more; the task is tried again.")) {
            _ = try await executor.execute(job(.command(["true"])), log: { _, _ in }, progress: { _, _ in })
        }
    }

    @Test func aStopReachesWhatWaitsAndAServersEndDoesNot() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        let offers = offers(fixture)
        let executor = OfferExecutor(offers: offers, queue: "gpu", poll: .milliseconds(5))
        for isMeant in [false, true] {
            let job = job(.command(["true"]))
            await #expect(throws: (any Error).self) {
                try await withThrowingTaskGroup(of: JSONObject.self) { group in
                    group.addTask { try await executor.execute(job, log: { _, _ in }, progress: { _, _ in }) }
                    try await until { try await offers.offer(Self.key) != nil }
                    if isMeant { job.stop.raise() }
                    group.cancelAll()
                    _ = try await group.next()
                }
            }
            #expect(try await offers.offer(Self.key)?.state == (isMeant ? .withdrawn : .offered))
        }
    }

    @Test func aWorkerThatStopsGivesBackWhatRuns() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        let offers = offers(fixture)
        let job = job(.command(["sleep", "600"]))
        let offered = OfferedJob(
            StepJob(
                runID: "r",
                pipeline: "p",
                task: "t",
                attempt: 1,
                action: job.action,
                directory: "",
                pipelineDirectory: fixture.directory,
                marker: job.marker
            ),
            trackingURI: nil
        )
        try await offers.offer(Self.key, offered, queue: "gpu")
        let worker = worker(fixture, drain: .zero)
        try await working(worker, stops: false) {
            try await until { try await offers.offer(Self.key)?.state == .claimed }
            worker.stop()
        }
        let after = try #require(try await offers.offer(Self.key))
        #expect(after.state == .offered && after.worker == nil && after.fence == 2)
    }

    /// Waits until something holds, patiently but not for ever.
    private func until(_ holds: () async throws -> Bool) async throws {
        for _ in 0..<12_000 {
            if try await holds() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw MartletError(.deadlineExceeded, "It did not come to be within a minute.")
    }

    /// Runs `body` beside a worker, which then drains.
    private func working<T: Sendable>(
        _ worker: PipelineWorker,
        stops: Bool = true,
        _ body: @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await worker.run() }
            do {
                let result = try await body()
                if stops { worker.stop() }
                try await group.waitForAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }

    @Test func theLimitsOfWorkersAreNamed() {
        #expect(PipelinesLimits.workerHeartbeat * 5 <= PipelinesLimits.workerLease)
        #expect(PipelinesLimits.offerPoll == .milliseconds(250) && PipelinesLimits.logDelay == .milliseconds(20))
        #expect(PipelinesLimits.workerSlots == 4 && PipelinesLimits.mostWorkerSlots == 1024)
        #expect(PipelinesLimits.workerDrain == .seconds(600) && PipelinesLimits.queueBytes == 64)
        #expect(PipelinesLimits.keptOffers == .seconds(3600))
    }
}
