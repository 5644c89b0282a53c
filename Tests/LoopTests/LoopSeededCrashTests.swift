import Core
import Loop
import Synchronization
import TestSupport
import Testing

/// Hundreds of seeded lives in which everything goes wrong, and each effect happens once.
///
/// There are processes that die around effects and commits, answers that are lost, a database that is away, clocks
/// that jump, people who approve, refuse, cancel and move aliases.
@Suite(.overEveryDatabase)
struct LoopSeededCrashTests {
    /// What happens in one life.
    private struct Life {
        var random: SeededGenerator
        let changes: JSONObject
        let cancels: Bool
        let movesAlias: Bool
        let twoServers: Bool

        init(seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            func chance(_ percent: Int) -> Bool { random.index(below: 100) < percent }
            var changes: JSONObject = ["model": .string("model-\(seed)")]
            if chance(40) { changes["gitops"] = ["repository": "deploy"] }
            switch random.index(below: 4) {
            case 0: changes["approval"] = ["before": "register"]
            case 1: changes["approval"] = ["before": ["register", "rollout"]]
            default: break
            }
            self.changes = changes
            cancels = chance(20)
            movesAlias = chance(15)
            twoServers = chance(25)
            self.random = random
        }

        mutating func chance(_ percent: Int) -> Bool { random.index(below: 100) < percent }
    }

    private static let steps = [
        "startPipeline", "pipelineProgress", "gate", "register", "startRollout", "rolloutProgress", "writeBack", "undo",
    ]

    @Test func everyLifeDoesEachThingOnce() async throws {
        let lives = TestDatabase.current == .sqlite ? 240 : 16
        let root = try await LoopFixture(name: "root")
        var outcomes: [LoopState: Int] = [:]
        var deaths = 0
        for seed in 0..<UInt64(lives) {
            let (outcome, died) = try await live(seed, over: root)
            outcomes[outcome, default: 0] += 1
            deaths += died
        }
        // The lives reach every outcome, and their processes die often: else this test would show little.
        for outcome in LoopState.allCases where outcome.isFinal && TestDatabase.current == .sqlite {
            #expect(outcomes[outcome, default: 0] > 0, "\(outcome)")
        }
        #expect(deaths > lives)
    }

    private func live(_ seed: UInt64, over root: LoopFixture) async throws -> (LoopState, Int) {
        var life = Life(seed: seed)
        let world = FakeWorld(accepted: life.chance(85), promotes: life.chance(75))
        world.state.withLock { state in
            state.pickupLag = life.random.index(below: 3)
            for step in Self.steps where life.chance(10) {
                state.failures[step] = Array(repeating: MartletError(.unavailable, "busy"), count: 2)
            }
            for step in Self.steps where life.chance(10) { state.lostAnswers[step] = 1 }
        }
        let fixture = try await LoopFixture(world: world, with: life.changes, name: "t\(seed)", over: root)
        var deaths = 0
        var services = [fixture.service(), fixture.service()]
        for look in 0..<600 {
            if world.state.withLock(\.isDead) {
                deaths += 1
                world.revive()
                services = [fixture.service(), fixture.service()]
            }
            fate(&life, world)
            let loop = try await fixture.store.loops(LoopFilter(trigger: "t\(seed)"), limit: 1).first
            if loop == nil {
                let service = services[0]
                // In a task of its own: a process that dies takes its task along.
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try? await service.fire(trigger: "t\(seed)", signal: LoopFixture.signal) }
                }
                continue
            }
            guard let loop, loop.progress.finishedAt == nil else { break }
            await people(&life, loop, services[0], world, look)
            let (one, two) = (services[0], services[1])
            let both = life.twoServers
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await one.advance() }
                if both { group.addTask { await two.advance() } }
            }
            let step = Int64(life.random.index(below: 40_000))
            root.clock.advance(by: .milliseconds(step))
        }
        world.revive()
        try await fixture.store.removeTrigger("t\(seed)")
        return (try await check(seed, fixture, world), deaths)
    }

    /// Decides when the process dies next, and whether the database is away for a while.
    private func fate(_ life: inout Life, _ world: FakeWorld) {
        let (dies, call, isCommit) = (life.chance(30), 1 + life.random.index(below: 3), life.chance(40))
        let when = life.chance(50) ? FakeWorld.Death.before : .after
        let isAway = life.chance(4)
        world.state.withLock { state in
            if isAway { state.storeFailures = 2 }
            guard dies else { return }
            if isCommit {
                state.commitDeath = (state.stored + 1, when)
            } else {
                state.death = (state.calls.count + call, when)
            }
        }
    }

    private func people(
        _ life: inout Life,
        _ loop: LoopRecord,
        _ service: LoopService,
        _ world: FakeWorld,
        _ look: Int
    ) async {
        let (answers, refuses) = (life.chance(40), life.chance(10))
        let cancels = life.cancels && life.chance(12)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                if loop.progress.state == .awaitingApproval, answers {
                    _ =
                        refuses
                        ? try? await service.reject(loop.id, by: "grace")
                        : try? await service.approve(loop.id, by: "grace")
                }
                if cancels { _ = try? await service.cancel(loop.id, by: "ada") }
            }
        }
        if life.movesAlias, life.chance(6), look < 300 {
            let version = 100 + look
            world.state.withLock { state in
                guard state.ended.isEmpty else { return }
                state.alias = version
                state.movesByHand += 1
                if state.rolloutReads == 0 { state.serving = version }
            }
        }
    }

    /// What must be true in the end, whatever happened on the way.
    private func check(_ seed: UInt64, _ fixture: LoopFixture, _ world: FakeWorld) async throws -> LoopState {
        let loops = try await fixture.store.loops(LoopFilter(trigger: "t\(seed)"), limit: 5)
        let loop = try #require(loops.first, "life \(seed)")
        #expect(loops.count == 1, "life \(seed)")
        let progress = loop.progress
        #expect(progress.state.isFinal, "life \(seed) ended as \(progress.state)")
        let state = world.state.withLock { $0 }
        #expect(state.runs.count <= 1 && state.versions.count <= 1 && state.commits.count <= 1, "life \(seed)")
        #expect(state.aborts.count <= 1 && state.movesBack.count <= 1, "life \(seed)")
        // Whoever moves the alias away before the loop knows that it moved makes it judge and move again.
        #expect(state.aliasMoves.count <= 1 + state.movesByHand, "life \(seed)")
        switch progress.state {
        case .promoted:
            #expect(state.serving == progress.version && state.alias == progress.version, "life \(seed)")
            #expect(loop.trigger.gitops != nil || state.commits.isEmpty, "life \(seed)")
            #expect(progress.commit == nil || state.commits.count == 1, "life \(seed)")
        case .rejected: #expect(state.aliasMoves.isEmpty && state.serving != 2, "life \(seed)")
        case .rolledBack, .cancelled: #expect(state.alias != 2 && state.serving != 2, "life \(seed)")
        default: #expect(state.serving != 2 || state.commits.isEmpty, "life \(seed)")
        }
        let detail = try await fixture.store.detail(loop.id)
        #expect(detail.events.map(\.sequence) == Array(1...Int64(detail.events.count)), "life \(seed)")
        #expect(try await fixture.heard(loop.id) == detail.events.map(\.sequence), "life \(seed): told what is stored")
        for line in [
            "Retraining started.", "Registered as version", "The alias points", "Committed to Git", "cancelled the",
        ] {
            #expect(detail.events.count { $0.message.contains(line) } <= 1, "life \(seed): \(line)")
        }
        #expect(detail.events.last?.state == progress.state, "life \(seed)")
        return progress.state
    }
}
