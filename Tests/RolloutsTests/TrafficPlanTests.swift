import Rollouts
import Testing

@Suite("Traffic plan")
struct TrafficPlanTests {
    @Test("The split is deterministic, near its share and monotonic in it")
    func split() {
        let hashes = (0..<20_000).map { TrafficPlan.hash("request-\($0)".utf8) }
        var reached: Set<UInt64> = []
        for percent in [0, 1, 10, 50, 100] {
            let plan = TrafficPlan(stable: 1, candidate: 2, candidatePercent: percent)
            let candidates = Set(hashes.filter { plan.arm(forHash: $0) == .candidate })
            #expect(abs(Double(candidates.count) / 20_000 - Double(percent) / 100) < 0.015)
            #expect(candidates.isSuperset(of: reached))
            reached = candidates
        }
        #expect(reached.count == Set(hashes).count)
    }

    @Test("Without a candidate, or at zero, everything is stable")
    func stableOnly() {
        #expect(TrafficPlan(stable: 1, candidatePercent: 100).arm(forHash: 0) == .stable)
        #expect(TrafficPlan(stable: 1, candidate: 2, candidatePercent: 0).arm(forHash: 0) == .stable)
        #expect(TrafficPlan(stable: 1, candidate: 2, candidatePercent: 900).candidatePercent == 100)
    }
}
