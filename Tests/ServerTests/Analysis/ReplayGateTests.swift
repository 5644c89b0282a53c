import Core
import HTTPSupport
import Ledger
import Replay
import Rollouts
import Server
import Storage
import TestSupport
import Testing

/// A replay before the first percent: from the ledger to the state machine.
@Suite("Analysis: replay gate")
struct ReplayGateTests {
    private static let start = MeasurementSeriesTests.start

    /// A deployment whose version 1 is always right, and a candidate by a rule.
    private struct Fixture {
        let clock = ManualClock(now: ReplayGateTests.start)
        let replays: ReplayService
        let service: AnalysisService

        init(rows: Int, candidate: @escaping @Sendable (Float) -> Bool) async throws {
            let database = try await TestDatabase.current.open()
            try await database.migrate(ReplayStore.migrations + AnalysisStore.migrations, now: clock.now)
            let ledger = (0..<rows).map { Self.row($0) }
            let sources = ReplaySources(
                page: { _, window, before, limit in Self.page(ledger, window, before, limit) },
                resolve: { _ in (model: "cancer", version: 2) },
                load: { _, version in
                    guard version == 1 else { return Self.model(version, candidate) }
                    return Self.model(version) { $0 > 0.5 }
                },
                serving: { _ in (model: "cancer", version: 1) },
                columns: { _, _ in ["radius"] }
            )
            let replays = ReplayService(database: database, sources: sources, clock: clock.clock)
            let keeper = ReplayKeeper(replays: replays, model: { _ in "cancer" }, clock: clock.clock)
            self.replays = replays
            service = AnalysisService(database: database, clock: clock.clock) { kind, question, memory in
                guard case .replay(let gate) = kind else {
                    throw MartletError(.internal, "Only the gate is asked for here.")
                }
                return (try await keeper.measure(gate, question), memory)
            }
        }

        private static func page(
            _ ledger: [LedgerRow],
            _ window: Range<Timestamp>,
            _ before: LedgerPosition?,
            _ limit: Int
        ) -> [LedgerRow] {
            let found = ledger.filter { row in
                window.contains(row.record.createdAt) && (before.map { row.position < $0 } ?? true)
            }
            return Array(found.sorted { $0.position > $1.position }.prefix(limit))
        }

        private static func model(_ version: Int, _ rule: @escaping @Sendable (Float) -> Bool) -> ReplayModel {
            ReplayModel(version: version, columns: ["radius"], classes: ["benign", "malignant"]) { rows, count in
                (0..<count).map { row in
                    ReplayAnswer(
                        prediction: rule(rows[row]) ? "malignant" : "benign",
                        score: rule(rows[row]) ? 0.9 : 0.1
                    )
                }
            }
        }

        private static func row(_ index: Int) -> LedgerRow {
            let radius = Float(index % 20) / 20
            let name = radius > 0.5 ? "malignant" : "benign"
            let at = ReplayGateTests.start - .milliseconds(Int64(index + 1) * 100)
            return LedgerRow(
                position: LedgerPosition(createdAt: at, number: Int64(index)),
                record: LedgerRecord(
                    id: "r\(index)",
                    deployment: "cancer",
                    version: 1,
                    arm: .stable,
                    rollout: nil,
                    step: 0,
                    via: "predict",
                    features: [radius],
                    prediction: name,
                    score: 0.9,
                    shadowVersion: nil,
                    shadowPrediction: nil,
                    shadowScore: nil,
                    microseconds: 100,
                    drift: false,
                    createdAt: at,
                    label: name
                )
            )
        }

        /// Looks at a rollout until it leaves the gate, and tells every share that the candidate ever had.
        func climb(gate: ReplayGate, looks: Int = 6) async -> (machine: RolloutStateMachine, shares: [Int]) {
            let spec = RolloutSpec(steps: [10, 100], gates: RolloutGates(replay: gate))
            var machine = RolloutStateMachine(spec: spec, stable: 1)
            var shares: [Int] = []
            func note(_ actions: [RolloutStateMachine.Action]) {
                for case .setWeights(let plan) in actions { shares.append(plan.candidatePercent) }
            }
            note(machine.handle(.started(candidate: 2), now: clock.now))
            for _ in 0..<looks {
                guard let question = machine.question(deployment: "cancer", rollout: "r1", now: clock.now),
                    question.checks.replay != nil
                else { break }
                var evidence = EvidenceSnapshot()
                evidence.measurements = await service.measurements(question)
                note(machine.handle(.evidence(evidence), now: clock.now))
                await service.measureDue()
                await replays.runAll()
                clock.advance(by: .seconds(1))
            }
            return (machine, shares)
        }
    }

    @Test("A seeded regression is rolled back before it gets one request")
    func regression() async throws {
        let fixture = try await Fixture(rows: 600) { $0 > 0.7 }
        let (machine, shares) = await fixture.climb(gate: ReplayGate(minimumRows: 500, minimumAgreement: 0.95))
        guard case .rolledBack(let reason) = machine.state else {
            Issue.record("The rollout is \(machine.state.name).")
            return
        }
        #expect(reason.code == "replay")
        #expect(reason.message.contains("agreement"))
        #expect(shares.allSatisfy { $0 == 0 }, "\(shares)")
        let replays = try await fixture.replays.replays().items
        #expect(replays.count == 1)
        #expect(replays.first?.requestedBy == "rollout r1")
    }

    @Test("A candidate that agrees gets its first percent")
    func sound() async throws {
        let fixture = try await Fixture(rows: 600) { $0 > 0.5 }
        let (machine, shares) = await fixture.climb(gate: ReplayGate(minimumRows: 500, minimumAgreement: 0.95))
        #expect(machine.state.step == 1, "\(machine.state)")
        #expect(shares.last == 10)
    }

    @Test("An empty ledger and too few rows hold the rollout at 0 %", arguments: [0, 499])
    func noEvidence(rows: Int) async throws {
        let fixture = try await Fixture(rows: rows) { $0 > 0.5 }
        let (machine, shares) = await fixture.climb(gate: ReplayGate(minimumRows: 500, minimumAgreement: 0.95))
        #expect(machine.state.step == 0)
        #expect(shares.allSatisfy { $0 == 0 })
        #expect(try await fixture.replays.replays().items.first?.verdict == (rows == 0 ? .noEvidence : .inconclusive))
        // After a while it is asked again, under another key.
        fixture.clock.advance(by: .seconds(AnalysisLimits.replayAgainSeconds))
        _ = await fixture.service.measurements(
            RolloutMeasurementsTests.question(
                RolloutChecks(replay: ReplayGate(minimumRows: 500, minimumAgreement: 0.95)),
                step: 0,
                now: fixture.clock.now
            )
        )
        await fixture.service.measureDue()
        #expect(try await fixture.replays.replays().items.count == 2)
    }

    @Test("Only a pass passes: every state and verdict of a replay")
    func meanings() throws {
        var record = ReplayRecord(
            id: "a",
            request: ReplayRequest(
                deployment: "cancer",
                model: "cancer",
                version: 2,
                since: Self.start,
                until: Self.start
            ),
            requestedBy: "rollout r1",
            key: nil,
            createdAt: Self.start
        )
        #expect(ReplayKeeper.measurement(record).outcome == .undecided)
        record.handle(.started, now: Self.start)
        #expect(ReplayKeeper.measurement(record).outcome == .undecided)
        for verdict in ReplayVerdict.Outcome.allCases {
            var ended = record
            ended.handle(.finished([:], ReplayVerdict(verdict, "")), now: Self.start)
            let expected: CheckResult.Outcome = verdict == .pass ? .pass : verdict == .fail ? .fail : .undecided
            #expect(ReplayKeeper.measurement(ended).outcome == expected, "\(verdict)")
        }
        var failed = record
        failed.handle(.failed("no file"), now: Self.start)
        #expect(ReplayKeeper.measurement(failed).isError)
        record.handle(.cancelled(by: "ann"), now: Self.start)
        #expect(ReplayKeeper.measurement(record).outcome == .undecided)
    }

    @Test("Labels decide alone only where no agreement is asked for")
    func bounds() {
        #expect(ReplayKeeper.bounds(ReplayGate()).requiresLabels)
        #expect(!ReplayKeeper.bounds(ReplayGate(minimumAgreement: 0.9)).requiresLabels)
        #expect(ReplayKeeper.bounds(ReplayGate(minimumRows: 7)).minimumRows == 7)
    }
}
