import Core
import Loop
import Synchronization
import TestSupport
import Testing

/// What triggers watch: clocks, datasets, aliases, monitors and webhooks.
@Suite(.overEveryDatabase)
struct LoopWatchingTests {
    private func fixture(_ when: JSONValue, _ changes: JSONObject = [:]) async throws -> LoopFixture {
        var all: JSONObject = ["when": when, "budget": 1000, "cooldown": 0, "minimum_labelled": 0]
        for (key, value) in changes.pairs { all[key] = value }
        return try await LoopFixture(with: all)
    }

    private func loops(_ fixture: LoopFixture) async throws -> [LoopRecord] {
        try await fixture.store.loops(limit: 200).reversed()
    }

    @Test func aScheduleOpensOneLoopForEachTimeOverRestarts() async throws {
        let fixture = try await fixture(["schedule": "*/10 * * * *"])
        // A new process for each look, and half of them looks twice.
        for look in 0..<240 {
            let service = fixture.service()
            await service.advance()
            if look.isMultiple(of: 2) { await service.advance() }
            fixture.clock.advance(by: .seconds(30))
        }
        let opened = try await loops(fixture)
        let due = opened.compactMap { $0.signal.evidence["due"]?.integerValue }
        #expect(due.count == 11 && Set(due).count == 11, "two hours less the time that is due at their end")
        #expect(opened.allSatisfy { $0.signal.kind == .schedule })
        #expect(opened.dropLast().allSatisfy { $0.progress.state == .promoted })
        let next = try #require(try await fixture.service().triggers().first?.nextFireAt)
        #expect(next.milliseconds % 600_000 == 0 && next > fixture.clock.clock.now - .seconds(1))
    }

    @Test func twoServersFireAScheduleOnce() async throws {
        let fixture = try await fixture(["every": "10m"])
        let (one, two) = (fixture.service(), fixture.service())
        for _ in 0..<30 {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await one.advance() }
                group.addTask { await two.advance() }
            }
            fixture.clock.advance(by: .seconds(60))
        }
        let due = try await loops(fixture).compactMap { $0.signal.evidence["due"]?.integerValue }
        #expect(due.count == 2 && Set(due).count == 2)
    }

    @Test func aTimeThatFindsNoNewDataIsOver() async throws {
        let fixture = try await fixture(["every": "10m"], ["minimum_labelled": 5])
        fixture.world.state.withLock { $0.labelled = 0 }
        let service = fixture.service()
        fixture.clock.advance(by: .seconds(601))
        await service.advance()
        let status = try #require(try await service.triggers().first)
        #expect(status.signals.isEmpty && status.refusal == .noNewData(have: 0, need: 5))
        fixture.world.state.withLock { $0.labelled = 5 }
        await service.advance()
        #expect(try await loops(fixture).isEmpty)
        fixture.clock.advance(by: .seconds(600))
        await service.advance()
        #expect(try await loops(fixture).count == 1)
    }

    @Test func aTimeWaitsForAnOpenLoop() async throws {
        let fixture = try await fixture(["every": "10m"], ["approval": "required"])
        let service = fixture.service()
        let id = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal).id
        try await fixture.advance(service, to: .awaitingApproval)
        fixture.clock.advance(by: .seconds(1200))
        await service.advance()
        #expect(try await service.triggers().first?.signals.count == 1)
        _ = try await service.reject(id, by: "ada")
        await service.advance()
        #expect(try await loops(fixture).map(\.signal.kind) == [.hand, .schedule])
        #expect(try await service.triggers().first?.signals.isEmpty == true)
    }

    @Test func aDatasetFiresWhenItHasEnoughNewRows() async throws {
        let fixture = try await fixture(["data": ["dataset": "live", "rows": 100]])
        func look(_ version: String, _ rows: Int64) async throws -> Int {
            fixture.world.state.withLock { $0.dataset = .init(version: version, rows: rows, checksPassed: nil) }
            fixture.clock.advance(by: LoopLimits.watchInterval)
            let service = fixture.service()
            try await fixture.settle(service)
            return try await loops(fixture).count
        }
        #expect(try await look("a", 500) == 0, "what is there at first is not new")
        #expect(try await look("b", 599) == 0)
        #expect(try await look("c", 600) == 1)
        #expect(try await look("c", 600) == 1)
        #expect(try await look("d", 150) == 2, "made anew with fewer rows")
        let evidence = try #require(try await loops(fixture).last?.signal.evidence)
        #expect(evidence["new_rows"] == 150 && evidence["previous_version"] == "c")
    }

    @Test func failedChecksFireAndPassedOnesWithdraw() async throws {
        let fixture = try await fixture(["quality": ["data": "clean"]], ["minimum_labelled": 1])
        let service = fixture.service()
        fixture.world.state.withLock {
            ($0.dataset, $0.labelled) = (.init(version: "a", rows: 5, checksPassed: false), 0)
        }
        await service.advance()
        #expect(try await service.triggers().first?.signals.map(\.signal.kind) == [.quality])
        fixture.world.state.withLock { $0.dataset = .init(version: "b", rows: 5, checksPassed: true) }
        fixture.clock.advance(by: LoopLimits.watchInterval)
        await service.advance()
        #expect(try await service.triggers().first?.signals.isEmpty == true)
    }

    @Test func anAliasFiresWhenItMovesToAVersion() async throws {
        let fixture = try await fixture(["alias": ["model": "base", "alias": "production"]])
        func look(_ version: Int?) async throws -> Int {
            fixture.world.state.withLock { $0.aliases["base@production"] = version }
            fixture.clock.advance(by: LoopLimits.watchInterval)
            let service = fixture.service()
            try await fixture.settle(service)
            return try await loops(fixture).count
        }
        #expect(try await look(3) == 0)
        #expect(try await look(4) == 1)
        #expect(try await look(nil) == 1)
        #expect(try await look(4) == 2)
        #expect(try await loops(fixture).first?.signal.evidence["previous"] == 3)
    }

    @Test func qualityIsHeardWhenPerformanceSpeaks() async throws {
        let fixture = try await fixture(["quality": "watch"], ["minimum_labelled": 1])
        fixture.world.state.withLock { $0.labelled = 0 }
        let service = fixture.service()
        func tell(_ drifting: Bool, _ detector: String) async throws -> Int {
            try await service.monitorChanged(
                "watch",
                drifting: drifting,
                message: "Monitor watch reports drift.",
                evidence: ["detector": .string(detector)]
            )
            return try await service.triggers().first?.signals.count ?? -1
        }
        #expect(try await tell(true, "mmd") == 0)
        #expect(try await tell(true, "performance") == 1)
        #expect(try await tell(false, "performance") == 0)
    }

    @Test func aStandingSignalOutlivesTheServerAndSeveralOpenOneLoop() async throws {
        let fixture = try await fixture(["monitor": "cancer-drift", "every": "10m"], ["minimum_labelled": 5])
        fixture.world.state.withLock { $0.labelled = 0 }
        try await fixture.service().monitorChanged("cancer-drift", drifting: true, message: "drift")
        fixture.clock.advance(by: .seconds(600))
        fixture.world.state.withLock { $0.labelled = 5 }
        try await fixture.settle(fixture.service())
        let opened = try await loops(fixture)
        #expect(opened.count == 1)
        #expect(opened.first?.signal.kind == .drift)
        #expect(opened.first?.signal.evidence["also"]?.arrayValue?.count == 1)
        #expect(try await fixture.store.standingSignals().isEmpty)
    }

    @Test func aConditionThatATriggerLosesIsForgotten() async throws {
        let fixture = try await fixture(["monitor": "a"], ["minimum_labelled": 1])
        fixture.world.state.withLock { $0.labelled = 0 }
        let service = fixture.service()
        try await service.monitorChanged("a", drifting: true, message: "drift")
        var definition = LoopFixture.definition
        definition["when"] = ["monitor": "b"]
        try await service.apply([try TriggerSpec(name: "cancer-retrain", definition: .object(definition))])
        #expect(try await fixture.store.standingSignals().isEmpty)
        try await service.monitorChanged("b", drifting: true, message: "drift")
        try await service.removeTrigger("cancer-retrain")
        #expect(try await fixture.store.standingSignals().isEmpty)
    }
}
