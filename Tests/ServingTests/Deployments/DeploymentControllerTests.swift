import Core
import Ledger
import Rollouts
import Serving
import Synchronization
import TestSupport
import Testing

@Suite("Deployment controller: the alias is the deployment", .overEveryDatabase)
struct DeploymentControllerTests {
    @Test("A deployment waits for its alias; the first version serves everything at once")
    func firstVersion() async throws {
        let harness = try await ServingHarness()
        try await harness.apply()
        #expect(try await harness.status().isReady == false)
        #expect(try await harness.status().message?.contains("waiting for the alias 'production'") == true)
        await #expect(throws: MartletError.self) { try await harness.predict("a") }
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        try await harness.step()
        #expect(try await harness.status().plan == TrafficPlan(stable: 1))
        #expect(try await harness.predict("a").served.version == 1)
        #expect(try await harness.store.revisions("cancer", limit: 5).map(\.version) == [1])
    }

    @Test("Moving the alias starts a rollout that climbs on evidence and promotes")
    func promotes() async throws {
        let harness = try await ServingHarness.serving(.errorsOnly)
        harness.registry.register(2, LinearRuntime(featureCount: 2, slope: 2))
        try await harness.step()
        #expect(try await harness.status().plan?.candidatePercent == 50)
        var versions: Set<Int> = []
        for index in 0..<200 { versions.insert(try await harness.predict("a\(index)").served.version) }
        #expect(versions == [1, 2])
        try await harness.step(.seconds(2))
        #expect(try await harness.status().plan?.candidatePercent == 100)
        for index in 0..<20 { #expect(try await harness.predict("b\(index)").served.version == 2) }
        try await harness.step(.seconds(2))
        let status = try await harness.status()
        #expect(status.plan == TrafficPlan(stable: 2))
        #expect(status.rollout?.machine.state == .promoted)
        #expect(status.versions.map(\.role) == ["stable", "previous"])
        #expect(try await harness.store.revisions("cancer", limit: 5).map(\.version) == [2, 1])
        #expect(harness.registry.state.withLock { $0.moves } == [])
    }

    @Test("A fast model that answers 200 and is wrong is rolled back on labels, its version never tried again")
    func wrongModel() async throws {
        let harness = try await ServingHarness.serving()
        harness.registry.register(2, LinearRuntime(featureCount: 2, slope: -1))
        try await harness.step()
        try await sendLabelled(harness, 60)
        try await harness.step()
        let status = try await harness.status()
        #expect(status.plan == TrafficPlan(stable: 1))
        #expect(status.rollout?.machine.state.reason?.code == "quality")
        #expect(harness.registry.alias == 1)
        #expect(status.rejections.keys.sorted() == [2])
        harness.registry.alias = 2
        try await harness.step()
        try await harness.step()
        #expect(harness.registry.alias == 1)
        #expect(try await harness.store.rollouts("cancer", limit: 10).count == 1)
    }

    @Test("A good model with labels is promoted although it disagrees with a worse champion")
    func betterModel() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2, slope: -1))
        var rollout = RolloutSpec.quick
        rollout.checks.disagreement = DisagreementCheck(maximum: 0.1)
        try await harness.apply(rollout)
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        for _ in 0..<2 {
            try await sendLabelled(harness, 60)
            try await harness.step(.seconds(2))
        }
        #expect(try await harness.status().plan == TrafficPlan(stable: 2))
        let evidence = try #require(try await harness.status().rollout?.machine.evidence)
        #expect(evidence.disagreement.rate == 1)
        #expect(evidence.pairs.candidateOnly >= 20)
        #expect(evidence.pairs.stableOnly == 0)
    }

    @Test("A version whose files are corrupt is refused with the reason; the stable one keeps serving")
    func corrupt() async throws {
        let harness = try await ServingHarness.serving()
        harness.registry.register(2, failing: MartletError(.dataLoss, "The file 'model.json' is damaged."))
        try await harness.step()
        let status = try await harness.status()
        #expect(status.plan == TrafficPlan(stable: 1))
        #expect(status.message?.contains("'model.json' is damaged") == true)
        #expect(status.rollout?.machine.state.reason?.code == "load")
        #expect(harness.registry.alias == 1)
        #expect(try await harness.predict("a").served.version == 1)
        #expect(try await harness.controller.rollout(model: "cancer", alias: "production", version: 2) != nil)
    }

    @Test("A passing failure is tried again after a pause, not held against the version")
    func passingFailure() async throws {
        let harness = try await ServingHarness.serving()
        harness.registry.register(2, failing: MartletError(.unavailable, "The store is away."))
        try await harness.step()
        #expect(try await harness.status().rejections.isEmpty)
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step(ServingLimits.loadRetryPause - .seconds(2))
        #expect(try await harness.status().plan?.candidate == nil)
        try await harness.step(.seconds(2))
        #expect(try await harness.status().plan?.candidate == 2)
    }

    @Test("A first version that cannot be loaded is tried again after the pause")
    func firstVersionFails() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, failing: MartletError(.dataLoss, "The file 'model.json' is damaged."))
        try await harness.apply()
        #expect(try await harness.status().message?.contains("damaged") == true)
        let loads = harness.registry.state.withLock { $0.loads }
        try await harness.step()
        #expect(harness.registry.state.withLock { $0.loads } == loads)
        try await harness.step(ServingLimits.loadRetryPause)
        #expect(harness.registry.state.withLock { $0.loads } == loads + 1)
    }

    @Test("A candidate with another signature or other classes is refused")
    func signature() async throws {
        let harness = try await ServingHarness.serving()
        harness.registry.register(2, LinearRuntime(featureCount: 3))
        try await harness.step()
        #expect(try await harness.status().message?.contains("takes 3 inputs (x0, x1, x2)") == true)
        harness.registry.register(3, LinearRuntime(featureCount: 2), classes: ["no", "yes"])
        try await harness.step()
        #expect(try await harness.status().rejections.keys.sorted() == [2, 3])
        #expect(try await harness.status().plan == TrafficPlan(stable: 1))
    }

    @Test("Moving the alias back ends the trial without rejecting the version; a newer one supersedes it")
    func movedBack() async throws {
        let harness = try await ServingHarness.serving()
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        harness.registry.alias = 1
        try await harness.step()
        #expect(try await harness.status().plan == TrafficPlan(stable: 1))
        #expect(try await harness.status().rejections.isEmpty)
        harness.registry.alias = 2
        try await harness.step()
        harness.registry.register(3, LinearRuntime(featureCount: 2))
        try await harness.step()
        #expect(try await harness.status().plan?.candidate == 3)
        let states = try await harness.store.rollouts("cancer", limit: 10).map { $0.machine.state.name }
        #expect(states == ["progressing", "aborted", "aborted"])
    }

    @Test("A restart resumes the rollout with its step, its evidence and its labels")
    func restart() async throws {
        let first = try await ServingHarness.serving()
        first.registry.register(2, LinearRuntime(featureCount: 2, slope: -1))
        try await first.step()
        try await sendLabelled(first, 4)
        try await first.step()
        #expect(try await first.status().rollout?.machine.isActive == true)
        let second = try await ServingHarness(registry: first.registry, database: first.database, at: first.time.now)
        try await second.controller.start()
        let status = try await second.status()
        #expect(status.plan?.candidate == 2)
        #expect(status.plan?.candidatePercent == 50)
        try await second.step()
        let evidence = try #require(try await second.status().rollout?.machine.evidence)
        #expect(evidence.pairs.stableOnly == 4)
        try await sendLabelled(second, 60, prefix: "second")
        try await second.step()
        #expect(try await second.status().plan == TrafficPlan(stable: 1))
        #expect(second.registry.alias == 1)
    }

    @Test("A restart whose candidate is gone rolls back")
    func restartWithoutCandidate() async throws {
        let first = try await ServingHarness.serving()
        first.registry.register(2, LinearRuntime(featureCount: 2))
        try await first.step()
        first.registry.register(2, failing: MartletError(.dataLoss, "The file 'model.json' is missing."))
        let second = try await ServingHarness(registry: first.registry, database: first.database, at: first.time.now)
        try await second.controller.start()
        #expect(try await second.status().plan == TrafficPlan(stable: 1))
        #expect(second.registry.alias == 1)
    }

    @Test("Operators pause, resume, promote, abort and roll back; what does not fit is refused")
    func operators() async throws {
        let harness = try await ServingHarness.serving()
        let controller = harness.controller
        for command in RolloutCommand.allCases {
            await #expect(throws: MartletError.self) { try await controller.command(command, "cancer", by: "eva") }
            await #expect(throws: MartletError.self) { try await controller.command(command, "none", by: "eva") }
        }
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        try await controller.command(.pause, "cancer", by: "eva")
        #expect(try await harness.status().rollout?.machine.state == .paused(step: 0))
        try await controller.command(.resume, "cancer", by: "eva")
        try await controller.command(.promote, "cancer", by: "eva")
        #expect(try await harness.status().plan == TrafficPlan(stable: 2))
        try await controller.command(.rollback, "cancer", by: "eva")
        #expect(try await harness.status().plan == TrafficPlan(stable: 1))
        #expect(harness.registry.alias == 1)
        #expect(try await harness.status().rejections[2]?.contains("asked by eva") == true)
        harness.registry.register(3, LinearRuntime(featureCount: 2))
        try await harness.step()
        try await controller.command(.abort, "cancer", by: "eva")
        #expect(try await harness.status().rejections.keys.sorted() == [2, 3])
        try await controller.pardon("cancer", version: 3)
        await #expect(throws: MartletError.self) { try await controller.pardon("cancer", version: 3) }
        harness.registry.alias = 3
        try await harness.step()
        #expect(try await harness.status().plan?.candidate == 3)
    }

    @Test("A deployment keeps its model; removing it stops serving")
    func changes() async throws {
        let harness = try await ServingHarness.serving()
        let other = DeploymentSpec(name: "cancer", model: "churn", alias: "production", rollout: .quick)
        await #expect(throws: MartletError.self) { try await harness.controller.apply([other]) }
        try await harness.controller.remove("cancer")
        #expect(throws: MartletError.self) { try harness.table.find("cancer") }
        await #expect(throws: MartletError.self) { try await harness.controller.remove("cancer") }
    }

    @Test("One deployment more than the limit is refused")
    func tooMany() async throws {
        let harness = try await ServingHarness()
        let specs = (0...ServingLimits.deployments).map {
            DeploymentSpec(name: "d\($0)", model: "cancer", alias: "production", rollout: .quick)
        }
        await #expect(throws: MartletError.self) { try await harness.controller.apply(specs) }
        try await harness.controller.apply(Array(specs.dropLast()))
        #expect(await harness.controller.statuses().count == ServingLimits.deployments)
    }

    @Test("A hundred alias flips under load: every request is answered by exactly one version")
    func flips() async throws {
        let harness = try await ServingHarness.serving(.errorsOnly)
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await withThrowingTaskGroup { group in
            group.addTask {
                for flip in 0..<100 {
                    harness.registry.alias = flip % 2 == 0 ? 2 : 1
                    try await harness.step(.milliseconds(10))
                }
            }
            for client in 0..<4 {
                group.addTask {
                    for index in 0..<250 {
                        let answer = try await harness.predict("\(client)-\(index)")
                        guard [1, 2].contains(answer.served.version), answer.outputs.count == 1 else {
                            throw MartletError(.internal, "request \(index) of \(client) got no single version")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await harness.ledger.flush()
        #expect(try await harness.ledger.recentRows("cancer", limit: 2000).count == 1000)
    }

    /// Sends rows whose truth is "benign when x0 > 0" and labels all of them.
    private func sendLabelled(_ harness: ServingHarness, _ count: Int, prefix: String = "first") async throws {
        for index in 0..<count {
            let id = "\(prefix)-\(harness.time.now.milliseconds)-\(index)"
            let value: Float = index % 2 == 0 ? 2 : -2
            try await harness.predict(id, [value, 0])
            _ = try await harness.ledger.feedback(id, label: .string(value > 0 ? "benign" : "malignant"))
        }
    }
}
