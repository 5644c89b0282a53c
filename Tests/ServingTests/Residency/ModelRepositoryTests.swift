import Core
import Rollouts
import Runtimes
import Serving
import Synchronization
import TestSupport
import Testing

@Suite("Model repository")
struct ModelRepositoryTests {
    private func repository(_ harness: ServingHarness) -> ModelRepository {
        ModelRepository(controller: harness.controller, table: harness.table)
    }

    private func code(_ body: () async throws -> Void) async -> MartletError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return MartletError.wrapping(error).code
        }
    }

    @Test("A deployment is listed, unloaded, listed as unavailable, and loaded again")
    func manifest() async throws {
        let harness = try await ServingHarness.serving()
        let repository = repository(harness)
        #expect(
            try await repository.index() == [ModelIndexEntry(name: "cancer", version: "1", state: "READY", reason: "")]
        )
        let stable = try #require(harness.table.find("cancer").routing?.stable)
        try await repository.unload("cancer")
        #expect(stable.resident == nil)
        #expect(await code { try await harness.predict("a") } == .unavailable)
        await harness.controller.reconcileAll()
        #expect(await code { try await harness.predict("a") } == .unavailable)
        #expect(try await repository.index().map(\.state) == ["UNAVAILABLE"])
        #expect(try await repository.index(readyOnly: true).isEmpty)
        try await repository.load("cancer")
        _ = try await harness.predict("b")
        #expect(try await repository.index().map(\.state) == ["READY"])
        #expect(await code { try await repository.load("cancer", parameters: ["version": 1]) } == .failedPrecondition)
    }

    @Test(
        "A registered model becomes a deployment by its name, of the version that is asked for, and survives a restart"
    )
    func onDemand() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        harness.registry.alias = 1
        let repository = repository(harness)
        #expect(
            try await repository.index() == [
                ModelIndexEntry(name: "cancer", version: "2", state: "UNAVAILABLE", reason: "not loaded")
            ]
        )
        try await repository.load("cancer")
        #expect(try await harness.predict("a").served.version == 2)
        try await repository.load("cancer", parameters: ["alias": "production"])
        #expect(try await harness.predict("a").served.version == 1)
        try await repository.load("cancer", parameters: ["version": "2"])
        #expect(try await harness.predict("a").served.version == 2)
        // It follows no alias.
        harness.registry.alias = 1
        await harness.controller.reconcileAll()
        #expect(try await harness.predict("a").served.version == 2)
        #expect(await code { try await repository.load("cancer", parameters: ["version": 9]) } == .notFound)
        #expect(try await harness.predict("a").served.version == 2)

        let again = try await ServingHarness(registry: harness.registry, database: harness.database)
        try await again.controller.start()
        #expect(try await again.predict("b").served.version == 2)
        let second = self.repository(again)
        try await second.unload("cancer")
        #expect(try await second.index().map(\.reason) == ["unloaded"])
        let last = try await ServingHarness(registry: harness.registry, database: harness.database)
        try await last.controller.start()
        #expect(try await self.repository(last).index().map(\.reason) == ["not loaded"])
    }

    @Test("Unknown names and parameters are refused; a failed load leaves the old model")
    func refusals() async throws {
        let harness = try await ServingHarness.serving()
        let repository = repository(harness)
        #expect(await code { try await repository.load("nothing") } == .notFound)
        #expect(await code { try await repository.unload("nothing") } == .notFound)
        #expect(await code { try await repository.load("cancer", parameters: ["config": "{}"]) } == .unimplemented)
        #expect(await code { try await repository.load("cancer", parameters: ["file:1/m": "x"]) } == .unimplemented)
        #expect(await code { try await repository.load("cancer", parameters: ["speed": 1]) } == .invalidArgument)
        #expect(await code { try await repository.load("x", parameters: ["version": 0]) } == .invalidArgument)
        let both: JSONObject = ["version": 1, "alias": "production"]
        #expect(await code { try await repository.load("x", parameters: both) } == .invalidArgument)
        harness.registry.state.withLock { $0.versions[1] = { throw MartletError(.dataLoss, "The file is corrupt.") } }
        #expect(await code { try await repository.load("cancer") } == .dataLoss)
        _ = try await harness.predict("a")
        #expect(await code { _ = try repository.statistics("nothing") } == .notFound)
        #expect(await code { _ = try repository.statistics("cancer", version: "7") } == .notFound)
        #expect(await code { _ = try await repository.configuration("nothing") } == .notFound)
    }

    @Test("Statistics count requests, rows, executions and failures in Triton's shape")
    func statistics() async throws {
        let harness = try await ServingHarness.serving()
        let repository = repository(harness)
        for count in [1, 1, 3, 100] {
            let rows = [Float](repeating: 0, count: 2 * count)
            let request = try InferenceRequest(
                id: "a",
                deployment: harness.table.find("cancer"),
                rows: rows,
                count: count,
                via: .v2
            )
            _ = try await harness.plane.infer(request)
        }
        _ = try? await harness.predict("b", [.nan, 0])
        let statistics = try #require(try repository.statistics("cancer", version: "1").first)
        #expect(statistics.counters.success.count == 4)
        #expect(statistics.counters.failure.count == 1)
        #expect(statistics.counters.failures == [.backend: 1])
        #expect(statistics.counters.inferences == 105)
        #expect(statistics.counters.executions == 4)
        #expect(statistics.memoryBytes == 64)
        #expect(statistics.batches.map(\.size) == [1, 3, 128])
        #expect(statistics.batches.map(\.times.infer.count) == [2, 1, 1])
        let json = statistics.json
        #expect(json["name"] == "cancer")
        #expect(json["inference_stats"]?["success"]?["count"] == 4)
        #expect(json["inference_stats"]?["queue"]?["count"] == 4)
        #expect(json["inference_stats"]?["cache_hit"] == ["count": 0, "ns": 0])
        #expect(json["memory_usage"] == [["type": "CPU", "id": 0, "byte_size": 64]])
        #expect(json["last_inference"] == .integer(harness.time.now.milliseconds))
        #expect(try repository.statistics().count == 1)
    }

    @Test("The configuration says how calls are scheduled")
    func configuration() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        var serving = ServingSettings()
        serving.executor.maximumRows = 32
        serving.executor.concurrency = 2
        serving.executor.queue = 9
        serving.executor.timeout = .seconds(3)
        serving.idle = .seconds(60)
        let spec = DeploymentSpec(
            name: "cancer",
            model: "cancer",
            alias: "production",
            rollout: .quick,
            serving: serving
        )
        try await harness.controller.apply([spec])
        let json = try await repository(harness).configuration("cancer")
        #expect(json["max_batch_size"] == 32)
        #expect(json["instance_group"] == [["name": "cancer", "kind": "KIND_CPU", "count": 2]])
        let policy = json["dynamic_batching"]?["default_queue_policy"]
        #expect(policy?["max_queue_size"] == 9)
        #expect(policy?["default_timeout_microseconds"] == 3_000_000)
        #expect(json["dynamic_batching"]?["max_queue_delay_microseconds"] == 2000)
        #expect(json["input"] == [["name": "input", "data_type": "TYPE_FP32", "dims": [2]]])
        #expect(json["parameters"]?["idle_ms"] == ["string_value": "60000"])
        #expect(json["version_policy"] == ["specific": ["versions": [1]]])
    }

    @Test("Changed settings reach the models in service, which keep serving")
    func changedSettings() async throws {
        let harness = try await ServingHarness.serving()
        let loads = harness.registry.state.withLock { $0.loads }
        var serving = ServingSettings()
        serving.executor.queue = 3
        let spec = DeploymentSpec(
            name: "cancer",
            model: "cancer",
            alias: "production",
            rollout: .quick,
            serving: serving
        )
        try await harness.controller.apply([spec])
        let executor = try #require(harness.table.find("cancer").routing?.stable.resident?.executor)
        #expect(executor.batching.queue == 3)
        #expect(harness.registry.state.withLock { $0.loads } == loads + 1)
        try await harness.controller.apply([spec])
        #expect(harness.registry.state.withLock { $0.loads } == loads + 1)
    }

    @Test("With an idle time a restart loads nothing until the first request")
    func coldRestart() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        var serving = ServingSettings()
        serving.idle = .seconds(60)
        let spec = DeploymentSpec(
            name: "cancer",
            model: "cancer",
            alias: "production",
            rollout: .quick,
            serving: serving
        )
        try await harness.controller.apply([spec])
        let loads = harness.registry.state.withLock { $0.loads }
        let again = try await ServingHarness(registry: harness.registry, database: harness.database)
        try await again.controller.start()
        #expect(harness.registry.state.withLock { $0.loads } == loads)
        #expect(
            try again.plane.inferNow(
                InferenceRequest(id: "a", deployment: again.table.find("cancer"), rows: [1, 0], count: 1, via: .v2)
            ) == nil
        )
        #expect(try await repository(again).index().map(\.state) == ["READY"])
        #expect(try await again.predict("a").served.version == 1)
        #expect(harness.registry.state.withLock { $0.loads } == loads + 1)
    }

    @Test("What is turned away does not count against a version")
    func refusedRequests() async throws {
        let harness = try await ServingHarness.serving()
        let late = ModelCall(.rows([1, 0], count: 1), deadline: 1)
        var serving = ServingSettings()
        serving.executor.concurrency = 1
        let spec = DeploymentSpec(
            name: "cancer",
            model: "cancer",
            alias: "production",
            rollout: .quick,
            serving: serving
        )
        try await harness.controller.apply([spec])
        let request = InferenceRequest(
            id: "a",
            deployment: try harness.table.find("cancer"),
            call: late,
            count: 1,
            via: .v2
        )
        #expect(await code { _ = try await harness.plane.infer(request) } == .deadlineExceeded)
        #expect(try await harness.status().versions.first?.stats.errors == 0)
        let counters = try #require(try repository(harness).statistics("cancer").first?.counters)
        #expect(counters.refusals == [.deadline: 1])
        #expect(counters.failures == [.rejected: 1])
    }
}
