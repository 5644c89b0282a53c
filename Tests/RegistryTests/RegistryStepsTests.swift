import Core
import Registry
import TestSupport
import Testing

@Suite(.overEveryDatabase) struct RegistryStepsTests {
    private let fixture: RegistryFixture
    private var store: RegistryStore { fixture.store }

    init() async throws {
        fixture = try await RegistryFixture()
        try await fixture.put("model/MLmodel", "flavors")
    }

    private let trained: JSONObject = [
        "run_id": "run1", "model_uri": "runs:/run1/model", "metrics": ["accuracy": 0.95, "note": "text"],
    ]

    private func run(_ parameters: JSONObject, upstream: [String: JSONObject]) async throws -> JSONObject {
        let step = try #require(RegistrySteps.all(store).first { $0.name == "registry.register" })
        let context = StepContext(
            runID: "p1",
            pipeline: "training",
            task: "register",
            attempt: 1,
            parameters: parameters,
            upstream: upstream,
            directory: "",
            clock: fixture.clock.clock,
            log: { _ in },
            progress: { _, _ in }
        )
        return try await step.run(context)
    }

    @Test func registersAndPointsTheAlias() async throws {
        let outputs = try await run(["model": "cancer", "alias": "production"], upstream: ["evaluate": trained])
        #expect(outputs["model"] == "cancer")
        #expect(outputs["version"] == 1)
        #expect(outputs["run_id"] == "run1")
        let version = try await store.version("cancer", 1)
        #expect(version.aliases == ["production"])
        #expect(version.tag("metrics.accuracy") == "0.95")
        #expect(version.tag("metrics.note") == nil)
        #expect(version.tag("martlet.pipeline") == "training")
        #expect(try await store.files(of: "cancer", 1).map(\.path) == ["MLmodel"])
    }

    @Test func aRetryRegistersNoSecondVersion() async throws {
        for _ in 1...2 {
            _ = try await run(["model": "cancer", "alias": "production"], upstream: ["evaluate": trained])
        }
        #expect(try await store.versions(of: "cancer").map(\.version) == [1])
        let again = try await RegistrySteps.register(
            trained,
            as: "cancer",
            tags: ["loop": "1"],
            uniqueTag: "loop",
            in: store
        )
        let same = try await RegistrySteps.register(
            trained,
            as: "cancer",
            tags: ["loop": "1"],
            uniqueTag: "loop",
            in: store
        )
        let other = try await RegistrySteps.register(
            trained,
            as: "cancer",
            tags: ["loop": "2"],
            uniqueTag: "loop",
            in: store
        )
        #expect([again.version, same.version, other.version] == [2, 2, 3])
    }

    @Test func sayWhatToRegister() async throws {
        let parameters: JSONObject = ["model": "cancer", "model_uri": "runs:/run1/model", "description": "by hand"]
        _ = try await run(parameters, upstream: [:])
        #expect(try await store.version("cancer", 1).description == "by hand")
    }

    @Test func whatCannotBeRegistered() async throws {
        func message(_ parameters: JSONObject, _ upstream: [String: JSONObject]) async -> String? {
            await failure { _ = try await run(parameters, upstream: upstream) }?.message
        }
        #expect(await message([:], ["t": trained])?.contains("with.model") == true)
        #expect(await message(["model": "m"], [:])?.contains("model_uri") == true)
        #expect(await message(["model": "m"], ["a": trained, "b": trained])?.contains("a, b") == true)
        #expect(await message(["model": "m", "alias": "latest"], ["a": trained])?.contains("reserved") == true)
        let empty: JSONObject = ["model_uri": "runs:/run1/none"]
        #expect(await message(["model": "m"], ["a": empty])?.contains("no files") == true)
        #expect(
            await message(["model": "m", "model_uri": "file:///etc"], [:])?.contains("Invalid model version") == true
        )
        #expect(try await store.searchVersions().versions.isEmpty)
    }
}
