import Core
import Storage
import Synchronization
import TestSupport
import Testing

import Drift
import Monitoring

@Suite(.overEveryDatabase)
struct MonitorServiceTests {
    typealias Harness = MonitorHarness

    /// A service with one monitor and the reference of version 1.
    private func ready(_ harness: Harness, _ fields: String = "") async throws -> MonitorService {
        let service = harness.service()
        try await service.apply(Harness.spec(fields))
        try await service.setReference(deployment: "cancer", version: "1", table: Harness.table())
        return service
    }

    @Test func aMonitorDeclaredLaterAsksForTheReference() async throws {
        let harness = try await Harness()
        let asked = Mutex<[String]>([])
        let service = MonitorService(
            database: harness.database,
            clock: harness.manual.clock,
            metrics: harness.metrics,
            recentRows: { _, _, _ in [] },
            currentReference: { deployment in
                asked.withLock { $0.append(deployment) }
                return try MonitorReference(version: "7", table: Harness.table())
            }
        )
        // Nobody watches the deployment, so nothing of it is kept.
        try await service.setReference(deployment: "cancer", version: "6", table: Harness.table(seed: 9))
        try await service.apply(Harness.spec())
        #expect(asked.withLock { $0 } == ["cancer"])
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        #expect(service.signal(deployment: "cancer")?.referenceVersion == "7")
        try await service.setReference(deployment: "cancer", version: "8", table: Harness.table(seed: 8))
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        #expect(service.signal(deployment: "cancer")?.referenceVersion == "8")
        #expect(asked.withLock { $0.count } == 1)
    }

    @Test func findsDriftAndItsEnd() async throws {
        let harness = try await Harness()
        let service = try await ready(harness)
        #expect(service.signal(deployment: "cancer")?.state == .collecting)

        await harness.step(service, rows: Harness.rows(40, seed: 2))
        let stable = try #require(service.signal(deployment: "cancer"))
        #expect(stable.state == .ok)
        #expect(!stable.detected)
        #expect(stable.windowSize == 40)
        #expect(stable.referenceVersion == "1")
        #expect(stable.evaluatedAt == harness.manual.now)

        await harness.step(service, rows: Harness.rows(40, seed: 3, shift: 2))
        #expect(service.signal(deployment: "cancer")?.state == .warning)
        await harness.step(service, rows: Harness.rows(40, seed: 4, shift: 2))
        let drifted = try #require(service.signal(deployment: "cancer"))
        #expect(drifted.detected)
        #expect(drifted.driftedFeatures == ["radius"])
        #expect(try #require(drifted.score) > 0.05)
        #expect(drifted.pValue == 0)

        // The model was retrained on shifted rows: against its reference the same traffic is clean.
        try await service.setReference(deployment: "cancer", version: "2", table: Harness.table(seed: 9, shift: 2))
        #expect(service.signal(deployment: "cancer")?.state == .collecting)
        #expect(service.signal(deployment: "cancer")?.detected == false)
        for seed in UInt64(5)...7 { await harness.step(service, rows: Harness.rows(40, seed: seed, shift: 2)) }
        #expect(service.signal(deployment: "cancer")?.state == .ok)
        #expect(
            harness.transitions == [
                "collecting>ok", "ok>warning", "warning>drift", "drift>collecting", "collecting>recovered",
                "recovered>ok",
            ]
        )
        let changes = harness.delivered.withLock { $0 }
        #expect(changes.map(\.sequence) == [1, 2, 3, 4, 5, 6])
        #expect(changes[2].driftedFeatures == ["radius"])
        #expect(changes[2].referenceVersion == "1")
        #expect(changes[3].referenceVersion == "2")
        #expect(changes[3].score == nil)
    }

    @Test func waitsForRowsIntervalAndReference() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(Harness.spec())
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        #expect(service.signal(deployment: "cancer")?.evaluatedAt == nil)

        try await service.setReference(deployment: "cancer", version: "1", table: Harness.table())
        await service.evaluateDue()
        // Rows served before the first reference count: they were served under it all the same.
        let first = try #require(service.signal(deployment: "cancer")?.evaluatedAt)
        #expect(first == harness.manual.now)

        await harness.step(service, rows: Harness.rows(3, seed: 3))
        #expect(service.signal(deployment: "cancer")?.evaluatedAt == first, "Three rows are below the stride of four.")
        await harness.step(service, rows: Harness.rows(1, seed: 4))
        #expect(service.signal(deployment: "cancer")?.evaluatedAt == harness.manual.now)

        for row in Harness.rows(40, seed: 5) { service.observe(deployment: "cancer", features: row) }
        await service.evaluateDue()
        #expect(service.signal(deployment: "cancer")?.windowSize == 40)
        let second = try #require(service.signal(deployment: "cancer")?.evaluatedAt)
        harness.manual.advance(by: .milliseconds(999))
        await service.evaluateDue()
        #expect(service.signal(deployment: "cancer")?.evaluatedAt == second)
        harness.manual.advance(by: .milliseconds(1))
        await service.evaluateDue()
        #expect(service.signal(deployment: "cancer")?.evaluatedAt == harness.manual.now)
    }

    @Test func belowTheMinimumNothingIsSaid() async throws {
        let harness = try await Harness()
        let service = try await ready(harness)
        await harness.step(service, rows: Harness.rows(29, seed: 2, shift: 9))
        #expect(service.signal(deployment: "cancer")?.evaluatedAt == nil)
        await harness.step(service, rows: Harness.rows(1, seed: 3, shift: 9))
        #expect(service.signal(deployment: "cancer")?.state == .warning)
    }

    @Test func aRestartKeepsVerdictsAndWindows() async throws {
        let harness = try await Harness()
        let referenceAt: Timestamp? = harness.manual.now
        let before = try await ready(harness)
        let shifted = Harness.rows(40, seed: 3, shift: 2)
        await harness.step(before, rows: shifted)
        await harness.step(before, rows: shifted)
        let signal = try #require(before.signal(deployment: "cancer"))
        #expect(signal.detected)
        let detail = try await before.detail("drift")

        harness.ledger.withLock { $0 = shifted }
        let after = harness.service()
        #expect(after.signal(deployment: "cancer") == nil)
        try await after.start()
        #expect(after.signal(deployment: "cancer") == signal)
        #expect(await after.monitors().first?.rows == 40)
        #expect(harness.askedSince.withLock { $0.last } == .some(referenceAt))
        #expect(try await after.detail("drift").evaluation == detail.evaluation)

        // The model is loaded again: the same rows of the same version change nothing, and nothing is evaluated twice.
        try await after.setReference(deployment: "cancer", version: "1", table: Harness.table())
        await harness.step(after, rows: [])
        #expect(after.signal(deployment: "cancer") == signal)
        await harness.step(after, rows: shifted)
        #expect(after.signal(deployment: "cancer")?.detected == true)
        #expect(after.signal(deployment: "cancer")?.evaluatedAt == harness.manual.now)

        // Other rows under the same version are another reference.
        try await after.setReference(deployment: "cancer", version: "1", table: Harness.table(seed: 8))
        #expect(after.signal(deployment: "cancer")?.state == .collecting)
        #expect(await after.monitors().first?.rows == 0)
    }

    @Test func aLedgerThatCannotBeReadLeavesTheWindowEmpty() async throws {
        let harness = try await Harness()
        _ = try await ready(harness)
        harness.ledgerFails.withLock { $0 = true }
        let after = harness.service()
        try await after.start()
        #expect(await after.monitors().map(\.rows) == [0])
    }

    @Test func eventsAreOfferedUntilTheyAreTaken() async throws {
        let harness = try await Harness()
        let service = try await ready(harness)
        harness.refusesDelivery.withLock { $0 = true }
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        #expect(harness.transitions.isEmpty)
        // The verdict itself does not wait for the follower, nor for a crash.
        #expect(service.signal(deployment: "cancer")?.state == .ok)
        let after = harness.service()
        try await after.start()
        harness.refusesDelivery.withLock { $0 = false }
        await after.evaluateDue()
        #expect(harness.transitions == ["collecting>ok"])
        await after.evaluateDue()
        #expect(harness.transitions == ["collecting>ok"])
        let third = harness.service()
        try await third.start()
        await third.evaluateDue()
        #expect(harness.transitions == ["collecting>ok"])
    }

    @Test func moreEventsThanABatchAreDeliveredInOrder() async throws {
        let harness = try await Harness()
        let store = MonitorStore(database: harness.database)
        let stored = StoredMonitor(
            spec: try Harness.spec(),
            machine: MonitorStateMachine(hysteresis: 1, now: harness.manual.now)
        )
        let count = MonitoringLimits.deliveryBatch + 1
        for _ in 0..<count {
            let action = MonitorStateMachine.Action.announce(from: .ok, to: .warning)
            _ = try await store.save(stored, transition: action, now: harness.manual.now)
        }
        #expect(try await store.undelivered().count == MonitoringLimits.deliveryBatch)
        let service = harness.service()
        try await service.start()
        await service.evaluateDue()
        #expect(harness.delivered.withLock { $0.map(\.sequence) } == (1...Int64(count)).map { $0 })
        #expect(try await store.undelivered().isEmpty)
    }

    @Test func metricsFollowTheVerdict() async throws {
        let harness = try await Harness()
        let service = try await ready(harness)
        #expect(harness.metrics.value("martlet_drift_detected{deployment=cancer,monitor=drift}") == 0)
        let shifted = Harness.rows(40, seed: 3, shift: 2)
        for _ in 0..<3 { await harness.step(service, rows: shifted) }
        #expect(harness.metrics.value("martlet_drift_detected{deployment=cancer,monitor=drift}") == 1)
        #expect(harness.metrics.value("martlet_drift_events_total{deployment=cancer,monitor=drift}") == 1)
        let evaluation = try #require(try await service.detail("drift").evaluation)
        let labels = "deployment=cancer,detector=ks,feature=radius,monitor=drift"
        #expect(harness.metrics.value("martlet_drift_score{\(labels)}") == evaluation.features[0].statistic)
        let all = "deployment=cancer,detector=mmd,feature=all,monitor=drift"
        #expect(harness.metrics.value("martlet_drift_score{\(all)}") == evaluation.detectors[0].statistic)
        let missing = "martlet_feature_missing_ratio{deployment=cancer,feature=area,monitor=drift}"
        #expect(harness.metrics.value(missing) == 0)
        try await service.remove("drift")
        #expect(harness.metrics.series.isEmpty)
    }

    @Test func missingValuesAndStrangeRowsDoNotStopAMonitor() async throws {
        let harness = try await Harness()
        let service = try await ready(harness)
        await harness.step(service, rows: [[1], [1, 2, 3, 4], []] + Harness.rows(40, seed: 2))
        #expect(await service.monitors().first?.refusedRows == 3)
        #expect(service.signal(deployment: "cancer")?.state == .ok)

        let missing = [[Float]](repeating: [.nan, .infinity, -.infinity], count: 40)
        await harness.step(service, rows: missing)
        let evaluation = try #require(try await service.detail("drift").evaluation)
        #expect(evaluation.detectors.map(\.isDecided) == [false, false])
        #expect(evaluation.detectors.allSatisfy { $0.reason?.contains("insufficient data") == true })
        #expect(evaluation.features.map(\.currentMissing) == [1, 1, 1])
        #expect(evaluation.events.map(\.kind.rawValue) == ["all_missing", "infinities", "infinities"])
        #expect(evaluation.drift == true, "What the detectors cannot see is drift all the same.")
        #expect(service.signal(deployment: "cancer")?.state == .warning)
        #expect(service.signal(deployment: "cancer")?.driftedFeatures == ["radius", "area", "smoothness"])
        service.observe(deployment: "unknown", features: [1])
        #expect(service.signal(deployment: "unknown") == nil)
    }

    @Test func aReferenceThatOnlyOneDetectorCanUseIsUsed() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(Harness.spec())
        let constant = try Table(columns: [Column(name: "x", values: .numbers([Double](repeating: 1, count: 30)))])
        try await service.setReference(deployment: "cancer", version: "1", table: constant)
        await harness.step(service, rows: [[Float]](repeating: [2], count: 40))
        let evaluation = try #require(try await service.detail("drift").evaluation)
        #expect(evaluation.drift == true)
        #expect(evaluation.detectors.contains { $0.isDecided || $0.reason?.contains("insufficient data") == true })

        let empty = try Table(columns: [Column(name: "x", values: .numbers([.nan, .nan]))])
        try await service.setReference(deployment: "cancer", version: "2", table: empty)
        await harness.step(service, rows: [[Float]](repeating: [2], count: 40))
        let nothing = try #require(try await service.detail("drift").evaluation)
        #expect(nothing.detectors.map(\.isDecided) == [false, false])
        #expect(nothing.detectors.allSatisfy { $0.statistic == nil && $0.reason != nil })
        let single = try Table(columns: [Column(name: "x", values: .numbers([1]))])
        let error = await #expect(throws: MartletError.self) {
            try await service.setReference(deployment: "cancer", version: "3", table: single)
        }
        #expect(error?.code == .failedPrecondition)
    }

    @Test func aChangedDeclarationKeepsItsVerdict() async throws {
        let harness = try await Harness()
        let service = try await ready(harness)
        let shifted = Harness.rows(40, seed: 3, shift: 2)
        for _ in 0..<2 { await harness.step(service, rows: shifted) }
        try await service.apply(Harness.spec(#","detectors":{"ks":{}}"#))
        #expect(service.signal(deployment: "cancer")?.detected == true)
        try await service.apply(Harness.spec(deployment: "other"))
        #expect(service.signal(deployment: "cancer") == nil)
        #expect(service.signal(deployment: "other")?.state == .collecting)
    }

    @Test func theMostSevereMonitorSpeaks() async throws {
        let harness = try await Harness()
        let service = try await ready(harness)
        let blind = #","events":false,"detectors":{"mmd":{"bandwidth":1e20,"standardise":false}}"#
        try await service.apply(Harness.spec(blind, name: "a-blind"))
        for _ in 0..<2 { await harness.step(service, rows: Harness.rows(40, seed: 3, shift: 2)) }
        #expect(await service.monitors().map(\.spec.name) == ["a-blind", "drift"])
        #expect(service.signal(deployment: "cancer")?.monitor == "drift")
        try await service.remove("drift")
        #expect(service.signal(deployment: "cancer")?.monitor == "a-blind")
        await #expect(throws: MartletError.self) { try await service.remove("drift") }
    }

    @Test func historiesAreBounded() async throws {
        let harness = try await Harness()
        let store = MonitorStore(database: harness.database)
        var stored = StoredMonitor(
            spec: try Harness.spec(),
            machine: MonitorStateMachine(hysteresis: 1, now: harness.manual.now)
        )
        let summary = EvaluationSummary(
            at: harness.manual.now,
            state: .ok,
            drift: nil,
            mmd: nil,
            mmdPValue: nil,
            ks: nil,
            ksPValue: nil,
            driftedFeatures: 0
        )
        for round in 0...MonitoringLimits.eventsPerMonitor {
            _ = stored.machine.handle(.evaluated(drift: round.isMultiple(of: 2)), now: harness.manual.now)
            let action = MonitorStateMachine.Action.announce(from: .ok, to: .warning)
            _ = try await store.save(stored, summary: summary, transition: action, now: harness.manual.now)
        }
        let events = try await store.events(of: "drift", before: nil, limit: 5_000)
        #expect(events.count == MonitoringLimits.eventsPerMonitor)
        #expect(events.last?.sequence == 2)
        let evaluations = try await store.evaluations(of: "drift", limit: 5_000)
        #expect(evaluations.count == MonitoringLimits.evaluationsPerMonitor)
    }

    @Test func monitorsHaveALimit() async throws {
        let harness = try await Harness()
        let service = harness.service()
        for index in 0..<MonitoringLimits.monitors {
            try await service.apply(Harness.spec(name: "m\(index)"))
        }
        let error = await #expect(throws: MartletError.self) { try await service.apply(Harness.spec(name: "more")) }
        #expect(error?.code == .resourceExhausted)
        // One that is declared already may still change.
        try await service.apply(Harness.spec(#","stride":7"#, name: "m0"))
    }

    @Test func manyFeaturesAreStoredAndMeasuredUpToALimit() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(Harness.spec())
        let count = MonitoringLimits.storedFeatures + 1
        var generator = SeededGenerator(seed: 6)
        let rows = (0..<70).map { _ in (0..<count).map { _ in Float(generator.normal()) } }
        let columns = (0..<count).map { column in
            Column(name: "f\(column)", values: .numbers(rows.prefix(30).map { Double($0[column]) }))
        }
        try await service.setReference(deployment: "cancer", version: "1", table: Table(columns: columns))
        await harness.step(service, rows: Array(rows.suffix(40)))
        let full = try #require(try await service.detail("drift").evaluation)
        #expect(full.features.count == count)
        let measured = harness.metrics.series.count { $0.contains("detector=ks") }
        #expect(measured == MonitoringLimits.metricFeatures)

        let after = harness.service()
        try await after.start()
        let stored = try #require(try await after.detail("drift").evaluation)
        #expect(stored.features.count == MonitoringLimits.storedFeatures)
        let largest = try #require(full.features.compactMap(\.pValue).max())
        let dropped = Set(full.features.map(\.name)).subtracting(stored.features.map(\.name))
        #expect(full.features.first { dropped.contains($0.name) }?.pValue == largest)
    }

    @Test func pausesAreBounded() async throws {
        let harness = try await Harness()
        let pauses = Mutex<[Duration]>([])
        let clock = Clock(
            now: { harness.manual.now },
            sleep: { duration in
                pauses.withLock { $0.append(duration) }
                if pauses.withLock({ $0.count }) == 3 { throw CancellationError() }
                harness.manual.advance(by: .seconds(5))
            }
        )
        let service = MonitorService(database: harness.database, clock: clock, recentRows: { _, _, _ in [] })
        let longest = Duration.milliseconds(MonitoringLimits.longestPauseMilliseconds)
        let shortest = Duration.milliseconds(MonitoringLimits.shortestPauseMilliseconds)
        try await service.run()
        #expect(pauses.withLock { $0 } == [longest, longest, longest])

        pauses.withLock { $0 = [] }
        let text = #"{"deployment":"cancer","window":40,"interval":"200ms"}"#
        try await service.apply(MonitorSpec(name: "drift", JSONFields(JSONValue.parse(text))))
        try await service.setReference(deployment: "cancer", version: "1", table: Harness.table())
        for row in Harness.rows(40, seed: 2) { service.observe(deployment: "cancer", features: row) }
        try await service.run()
        // Evaluated, so due after its interval; then overdue for want of new rows.
        #expect(pauses.withLock { $0 } == [.milliseconds(200), shortest, shortest])
    }

    @Test func longReferencesAreThinnedEvenly() throws {
        let count = MonitoringLimits.referenceRows + 1
        let table = try Table(columns: [Column(name: "x", values: .numbers((0..<count).map(Double.init)))])
        let reference = try MonitorReference(version: "1", table: table)
        #expect(reference.rows == MonitoringLimits.referenceRows)
        #expect(reference.inputs["x"]?.numbers?.first == 0)
        #expect(reference.inputs["x"]?.numbers?.last == Double(count - 2))
        let short = try Table(columns: [Column(name: "x", values: .numbers([1]))])
        #expect(throws: MartletError.self) { try MonitorReference(version: "1", table: short) }
    }

    @Test func runEvaluatesUntilItIsCancelled() async throws {
        let harness = try await Harness()
        let service = try await ready(harness)
        for row in Harness.rows(40, seed: 2) { service.observe(deployment: "cancer", features: row) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            while harness.manual.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            #expect(service.signal(deployment: "cancer")?.state == .ok)
            for row in Harness.rows(40, seed: 3, shift: 3) { service.observe(deployment: "cancer", features: row) }
            harness.manual.advance(by: .seconds(1))
            while service.signal(deployment: "cancer")?.state != .warning {
                try? await Task.sleep(for: .milliseconds(1))
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
