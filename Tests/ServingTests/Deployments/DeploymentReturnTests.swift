import Core
import Ledger
import Rollouts
import Serving
import Synchronization
import TestSupport
import Testing

@Suite("Deployments: watches, returns, versions without alias", .overEveryDatabase)
struct DeploymentReturnTests {
    private static func atOnce(window: Duration) -> RolloutSpec {
        RolloutSpec(strategy: .allAtOnce, minimumSamples: 10, rollbackWindow: window, checks: RolloutSpec.quick.checks)
    }

    /// Version 2 was promoted at once and is watched for a minute.
    private func watched(slope: Float = 1) async throws -> ServingHarness {
        let harness = try await ServingHarness.serving(Self.atOnce(window: .seconds(60)))
        harness.registry.register(2, LinearRuntime(featureCount: 2, slope: slope))
        try await harness.step()
        let status = try await harness.status()
        #expect(status.stable == 2)
        #expect(status.rollout?.machine.state.isWatching == true)
        #expect(status.versions.map(\.role) == ["stable", "previous"])
        return harness
    }

    @Test("All at once swaps at once, watches, and stays when its window is over")
    func stays() async throws {
        let harness = try await watched()
        for index in 0..<20 { #expect(try await harness.predict("a\(index)").served.version == 2) }
        for index in 0..<40 {
            let value: Float = index % 2 == 0 ? 2 : -2
            try await harness.predict("b\(index)", [value, 0])
            _ = try await harness.ledger.feedback("b\(index)", label: .string(value > 0 ? "benign" : "malignant"))
        }
        try await harness.step(.seconds(61))
        #expect(try await harness.status().rollout?.machine.state == .promoted)
        #expect(try await harness.status().plan == TrafficPlan(stable: 2))
    }

    @Test("A promoted version that turns out wrong goes back by itself within its window")
    func goesBack() async throws {
        let harness = try await watched(slope: -1)
        for index in 0..<60 {
            let value: Float = index % 2 == 0 ? 2 : -2
            try await harness.predict("b\(index)", [value, 0])
            _ = try await harness.ledger.feedback("b\(index)", label: .string(value > 0 ? "benign" : "malignant"))
        }
        try await harness.step()
        let status = try await harness.status()
        #expect(status.stable == 1)
        #expect(status.rejections.keys.sorted() == [2])
        #expect(harness.registry.alias == 1)
        #expect(try await harness.predict("c").served.version == 1)
        #expect(try await harness.store.revisions("cancer", limit: 5).map(\.version) == [1, 2, 1])
    }

    @Test("An alias that moves back to the version before is a return at once, without a rejection")
    func byAlias() async throws {
        let harness = try await watched()
        harness.registry.alias = 1
        await harness.controller.reconcileAll()
        var status = try await harness.status()
        #expect(status.stable == 1)
        #expect(status.rejections.isEmpty)
        #expect(try await harness.predict("a").served.version == 1)
        harness.registry.alias = 2
        await harness.controller.reconcileAll()
        status = try await harness.status()
        #expect(status.stable == 2)
        #expect(harness.registry.state.withLock { $0.moves }.isEmpty)
    }

    @Test("The version before leaves memory when its time is over; one can still return to it")
    func released() async throws {
        let harness = try await ServingHarness.serving(.errorsOnly)
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        try await harness.controller.command(.promote, "cancer", by: "eva")
        try await harness.step(ServingLimits.previousStays - .seconds(1))
        #expect(try await harness.status().versions.last?.isInService == true)
        #expect(try await harness.status().previousUntil != nil)
        try await harness.step(.seconds(2))
        let previous = try #require(try await harness.status().versions.last)
        #expect(previous.role == "previous")
        #expect(!previous.isInService)
        #expect(try await harness.status().previousUntil == nil)
        try await harness.controller.command(.rollback, "cancer", by: "eva")
        #expect(try await harness.status().stable == 1)
        #expect(harness.registry.alias == 1)
    }

    @Test("A deployment of one version rolls out the version that takes its place, and follows no alias")
    func pinned() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        func apply(_ version: Int) async throws {
            try await harness.controller.apply([
                DeploymentSpec(
                    name: "cancer",
                    reference: ModelReference(model: "cancer", selector: .version(version)),
                    rollout: .errorsOnly
                )
            ])
        }
        try await apply(1)
        #expect(try await harness.status().stable == 1)
        try await harness.step()
        #expect(try await harness.status().candidate == nil)
        try await apply(2)
        #expect(try await harness.status().candidate == 2)
        try await harness.controller.command(.rollback, "cancer", by: "eva")
        for _ in 0..<3 { try await harness.step() }
        let status = try await harness.status()
        #expect(status.stable == 1)
        #expect(status.candidate == nil)
        #expect(status.message?.contains("version 2 was rejected") == true)
        #expect(harness.registry.state.withLock { $0.moves }.isEmpty)
        #expect(harness.registry.alias == 2)
        #expect(try await harness.store.rollouts("cancer", limit: 9).count == 1)
    }

    @Test("A step that asks for a person waits for one, and says so")
    func confirmed() async throws {
        var rollout = RolloutSpec.errorsOnly
        rollout.steps = [RolloutStep(50, needsConfirmation: true)]
        let harness = try await ServingHarness.serving(rollout)
        await #expect(throws: MartletError.self) { try await harness.controller.command(.confirm, "cancer", by: "eva") }
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        for index in 0..<100 { try await harness.predict("a\(index)") }
        for _ in 0..<3 { try await harness.step(.seconds(2)) }
        #expect(try await harness.status().rollout?.machine.state == .awaitingConfirmation(step: 0))
        #expect(try await harness.status().rollout?.waitsFor == "a person's confirmation")
        try await harness.controller.command(.confirm, "cancer", by: "eva")
        #expect(try await harness.status().stable == 2)
        let note = try await harness.store.events("cancer", limit: 9).contains { $0.note.contains("confirmed by eva") }
        #expect(note)
    }

    @Test("What others measure is asked for the checks of the stage, and decides")
    func measured() async throws {
        var rollout = RolloutSpec.errorsOnly
        rollout.checks.drift = DriftCheck(rollsBack: true)
        var hooks = DeploymentHooks()
        hooks.measurements = { question in
            guard question.checks.drift != nil, question.candidate == 2 else { return [:] }
            return [
                "drift": ExternalMeasurement(takenAt: question.now, outcome: .fail, message: "far from its reference")
            ]
        }
        let harness = try await ServingHarness(hooks: hooks)
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        try await harness.apply(rollout)
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        #expect(try await harness.status().rollout?.machine.state.reason?.code == "drift")
        #expect(try await harness.status().stable == 1)
    }
}
