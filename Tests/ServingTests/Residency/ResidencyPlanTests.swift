import Core
import Serving
import Testing

@Suite("Plan of the models in memory")
struct ResidencyPlanTests {
    /// A plan behind a reference, so that expectations may drive it.
    private final class Driven {
        private(set) var plan: ResidencyPlan

        init(budget: Int?) { plan = ResidencyPlan(budget: budget) }

        func handle(_ event: ResidencyPlan.Event, now: UInt64) -> [ResidencyPlan.Action] {
            plan.handle(event, now: now)
        }

        var bytes: Int { plan.bytes }
        var places: [Int: ResidencyPlan.Place] { plan.places }
    }

    private func load(_ plan: Driven, _ id: Int, _ bytes: Int, now: UInt64, idle: UInt64? = nil)
        -> [ResidencyPlan.Action]
    {
        let before = plan.handle(.loading(id, bytes: 0), now: now)
        return before + plan.handle(.loaded(id, bytes: bytes, idle: idle), now: now)
    }

    @Test("Without a budget nothing leaves")
    func unbounded() {
        let plan = Driven(budget: nil)
        for id in 0..<100 { #expect(load(plan, id, 1 << 40, now: UInt64(id)).isEmpty) }
        #expect(plan.handle(.tick, now: 1 << 60).isEmpty)
    }

    @Test("The longest unused models leave until there is room, the one that comes never")
    func leastRecentlyUsed() {
        let plan = Driven(budget: 100)
        for id in 1...4 { #expect(load(plan, id, 25, now: UInt64(id)).isEmpty) }
        #expect(plan.handle(.used(1, at: 10, isBusy: false), now: 10).isEmpty)
        #expect(load(plan, 5, 40, now: 11) == [.unload(2), .unload(3)])
        #expect(plan.bytes == 90)
        #expect(load(plan, 6, 100, now: 12) == [.unload(4), .unload(1), .unload(5)])
        #expect(plan.places.keys.sorted() == [6])
    }

    @Test("A model whose size is known makes room before it is loaded; what is loading stays")
    func reserves() {
        let plan = Driven(budget: 100)
        #expect(load(plan, 1, 60, now: 1).isEmpty)
        #expect(plan.handle(.loading(2, bytes: 50), now: 2) == [.unload(1)])
        #expect(plan.handle(.loading(3, bytes: 60), now: 3).isEmpty)
        #expect(plan.handle(.left(2), now: 4).isEmpty)
        #expect(plan.handle(.loaded(3, bytes: 60, idle: nil), now: 5).isEmpty)
        #expect(plan.bytes == 60)
    }

    @Test("A model larger than the whole memory is refused and disturbs nobody")
    func tooLarge() {
        let plan = Driven(budget: 100)
        #expect(load(plan, 1, 60, now: 1).isEmpty)
        #expect(plan.handle(.loading(2, bytes: 101), now: 2) == [.refuse(2, bytes: 101)])
        #expect(load(plan, 3, 101, now: 3) == [.refuse(3, bytes: 101)])
        #expect(plan.places.keys.sorted() == [1])
        #expect(load(plan, 4, 100, now: 4) == [.unload(1)])
    }

    @Test("Idle models leave, not those at work, being loaded, or without an idle time")
    func idle() {
        let plan = Driven(budget: nil)
        _ = load(plan, 1, 1, now: 0, idle: 10)
        _ = load(plan, 2, 1, now: 0, idle: 20)
        _ = load(plan, 3, 1, now: 0)
        _ = plan.handle(.loading(4, bytes: 1), now: 0)
        #expect(plan.handle(.tick, now: 9).isEmpty)
        _ = plan.handle(.used(1, at: 5, isBusy: true), now: 10)
        #expect(plan.handle(.tick, now: 15).isEmpty)
        _ = plan.handle(.used(1, at: 16, isBusy: false), now: 16)
        #expect(plan.handle(.tick, now: 20) == [.unload(2)])
        #expect(plan.handle(.tick, now: 26) == [.unload(1)])
        #expect(plan.places.keys.sorted() == [3, 4])
    }

    @Test("Random loads and uses: never above the budget once all is loaded, never two places for one model")
    func random() {
        for seed in 1...100 as ClosedRange<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let plan = Driven(budget: 1000)
            var resident: Set<Int> = []
            for now in 1...500 as ClosedRange<UInt64> {
                let id = Int.random(in: 0..<30, using: &generator)
                if resident.contains(id) {
                    _ = plan.handle(.used(id, at: now, isBusy: false), now: now)
                    continue
                }
                let actions = load(plan, id, Int.random(in: 1...400, using: &generator), now: now)
                resident.insert(id)
                for case .unload(let gone) in actions {
                    #expect(gone != id)
                    #expect(resident.remove(gone) != nil)
                }
                #expect(plan.bytes <= 1000)
                #expect(Set(plan.places.keys) == resident)
            }
        }
    }
}
