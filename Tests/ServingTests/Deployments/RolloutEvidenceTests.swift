import Core
import Rollouts
import Serving
import Synchronization
import TestSupport
import Testing

@Suite("Evidence as it is collected and stored")
struct RolloutEvidenceTests {
    @Test("The latency threshold is known after latencyBaseline requests of the stable version, not one earlier")
    func threshold() async throws {
        let harness = try await ServingHarness.serving(
            RolloutSpec(
                steps: [50, 100],
                bake: .seconds(1),
                minimumSamples: 1,
                timeout: .seconds(60),
                checks: RolloutChecks(latency: LatencyCheck(quantile: 0.95, maximumRatio: 1000, minimumIncrease: 10))
            )
        )
        for index in 0..<RolloutsLimits.latencyBaseline - 1 { try await harness.predict("before-\(index)") }
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        #expect(try await harness.status().rollout?.machine.evidence.latencyThresholdKnown == false)
        var sent = 0
        while try await harness.status().versions.first?.stats.requests ?? 0 < RolloutsLimits.latencyBaseline {
            try await harness.predict("after-\(sent)")
            sent += 1
        }
        try await harness.step()
        #expect(try await harness.status().rollout?.machine.evidence.latencyThresholdKnown == true)
        for index in 0..<40 { try await harness.predict("timed-\(index)") }
        try await harness.step(.seconds(2))
        #expect(try await harness.status().plan?.candidatePercent == 100)
    }

    @Test("A drifting candidate is held until its own reference is met")
    func drift() async throws {
        let harness = try await ServingHarness.serving(
            RolloutSpec(
                steps: [100],
                bake: .zero,
                minimumSamples: 1,
                timeout: .seconds(60),
                checks: RolloutChecks(drift: DriftCheck(rollsBack: false))
            )
        )
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        try await harness.predict("a")
        for signal in [nil, DriftSignal(isDetected: false, version: 1), DriftSignal(isDetected: true, version: 2)] {
            harness.monitor.state.withLock { $0.signal = signal }
            try await harness.step()
            #expect(try await harness.status().plan?.candidate == 2)
        }
        harness.monitor.state.withLock { $0.signal = DriftSignal(isDetected: false, version: 2) }
        try await harness.step()
        #expect(try await harness.status().plan == TrafficPlan(stable: 2))
    }

    @Test("Evidence is stored every evidenceSave while nothing happens, and reads back the same")
    func stored() async throws {
        let harness = try await ServingHarness.serving()
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        for index in 0..<8 { try await harness.predict("\(index)") }
        harness.time.advance(by: ServingLimits.evidenceSave - .milliseconds(1))
        await harness.controller.look()
        #expect(try await harness.store.rollouts("cancer", limit: 1).first?.machine.evidence == EvidenceSnapshot())
        try await harness.step(.milliseconds(1))
        let stored = try #require(try await harness.store.rollouts("cancer", limit: 1).first)
        #expect(stored.machine == (try await harness.status().rollout?.machine))
        #expect(
            stored.machine.evidence.step(0).stable.requests + stored.machine.evidence.step(0).candidate.requests == 8
        )
    }

    @Test("The running controller looks every rolloutTick and reads aliases every aliasPoll")
    func running() async throws {
        let harness = try await ServingHarness.serving(.errorsOnly)
        await withDiscardingTaskGroup { group in
            group.addTask { await harness.controller.run() }
            harness.registry.register(2, LinearRuntime(featureCount: 2))
            let ticks = Int(ServingLimits.aliasPoll / ServingLimits.rolloutTick)
            for _ in 0..<ticks {
                while harness.time.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
                #expect(harness.table.all.first?.routing?.candidate == nil)
                harness.time.advance(by: ServingLimits.rolloutTick)
            }
            while harness.table.all.first?.routing?.candidate == nil { try? await Task.sleep(for: .milliseconds(1)) }
            harness.registry.alias = 1
            harness.controller.nudge()
            while harness.table.all.first?.routing?.candidate != nil { try? await Task.sleep(for: .milliseconds(1)) }
            group.cancelAll()
        }
        #expect(try await harness.status().plan == TrafficPlan(stable: 1))
    }
}
