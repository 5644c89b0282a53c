import Core
import Rollouts
import Testing

@Suite("Rollout state machine: every event in every state")
struct RolloutTransitionTests {
    private static let start = Timestamp(milliseconds: 1_000_000)
    private static let operatorReason = RolloutReason("operator", "asked")
    private static let waiting = RolloutReason("inconclusive", "nothing came")

    /// The rows of the table.
    private static let states: [(name: String, state: RolloutStateMachine.State)] = [
        ("idle", .idle), ("progressing", .progressing(step: 0)), ("baking", .baking(step: 0)),
        ("awaiting_confirmation", .awaitingConfirmation(step: 0)), ("paused", .paused(step: 0)),
        ("inconclusive", .inconclusive(step: 0, waiting)), ("promoting", .promoting),
        ("watching", .watching(step: 2, nil)), ("rolled_back", .rolledBack(operatorReason)), ("promoted", .promoted),
        ("aborted", .aborted(operatorReason)),
    ]

    /// The columns of the table: an event and how long after the stage's beginning it comes.
    private static let events: [(name: String, event: RolloutStateMachine.Event, after: Duration)] = [
        ("new", .started(candidate: 9), .zero), ("old", .started(candidate: 1), .zero),
        ("same", .started(candidate: 2), .zero), ("good", .evidence(evidence()), .seconds(1)),
        ("goodLater", .evidence(evidence()), .seconds(59)), ("harm", .evidence(evidence(errors: 50)), .seconds(1)),
        ("none", .evidence(EvidenceSnapshot()), .seconds(1)), ("noneLater", .tick, .seconds(60)),
        ("backwards", .tick, .seconds(-3600)), ("pause", .pause, .zero), ("resume", .resume, .zero),
        ("confirm", .confirm(by: "ada"), .zero), ("promote", .promote, .zero),
        ("finished", .promotionFinished, .zero), ("endWatch", .endWatch("version 3 is wanted"), .zero),
        ("abort", .abort(operatorReason), .zero), ("rollBack", .rollBack(operatorReason), .zero),
        ("load", .candidateFailedToLoad("gone"), .zero),
    ]

    /// The states' initials in the table.
    private static let initials = [
        "I": "idle", "P": "progressing", "B": "baking", "A": "awaiting_confirmation", "Z": "paused",
        "Q": "inconclusive", "M": "promoting", "W": "watching", "R": "rolled_back", "D": "promoted", "X": "aborted",
    ]

    /// What becomes of each state by each event, in the order of `events`: a state's initial, `=` for no change, `x` for
    /// a refusal.
    private static let table = [
        "idle": "P I P = = = = = = x x x x = = x x =",
        "progressing": "P I P B A R = Q = Z x x M = = X R R",
        "baking": "P I P = A R P Q P Z x x M = = X R R",
        "awaiting_confirmation": "P I P = = R P Q P Z x P M = = X R R",
        "paused": "P I P = = R = = = x P x M = = X R R",
        "inconclusive": "P I P B A R = = = Z P P M = = X R R",
        "promoting": "P P I = = = = = = x x x x W = x x =",
        "watching": "P R = = D R = D = x x D D = D R R R",
        "rolled_back": "P I P = = = = = = x x x x = = x x =",
        "promoted": "P P I = = = = = = x x x x = = x x =",
        "aborted": "P I P = = = = = = x x x x = = x x =",
    ]

    private static func evidence(errors: Int = 0) -> EvidenceSnapshot {
        var snapshot = EvidenceSnapshot()
        for _ in 0..<3 {
            var here = StepEvidence()
            here.candidate.requests = 100
            here.candidate.errors = errors
            here.stable.requests = 400
            snapshot.steps.append(here)
        }
        return snapshot
    }

    private static func machine(_ state: RolloutStateMachine.State) -> RolloutStateMachine {
        RolloutStateMachine(
            spec: RolloutSpec(
                steps: [RolloutStep(10, needsConfirmation: true), 100],
                bake: .seconds(4),
                minimumSamples: 40,
                timeout: .seconds(60),
                rollbackWindow: .seconds(30),
                checks: RolloutChecks(errorRate: ErrorRateCheck(maximum: 0.01))
            ),
            stable: 1,
            candidate: 2,
            state: state,
            startedAt: start,
            stepStartedAt: start,
            evidence: EvidenceSnapshot()
        )
    }

    @Test("Each of the pairs does what the table says, and nothing else")
    func everyPair() throws {
        #expect(Set(Self.table.keys) == Set(Self.states.map(\.name)))
        for row in Self.states {
            #expect(row.state.name == row.name)
            let line = try #require(Self.table[row.name]).split(separator: " ").map(String.init)
            #expect(line.count == Self.events.count)
            for (entry, column) in zip(line, Self.events) {
                let expected = Self.initials[entry] ?? entry
                var machine = Self.machine(row.state)
                let actions = machine.handle(column.event, now: Self.start + column.after)
                let isRefused = actions.contains { if case .refuse = $0 { true } else { false } }
                #expect(isRefused == (expected == "x"), "\(row.name) × \(column.name)")
                switch expected {
                case "=", "x":
                    #expect(machine.state == row.state, "\(row.name) × \(column.name)")
                    #expect(isRefused ? actions.count == 1 : actions.isEmpty, "\(row.name) × \(column.name)")
                default:
                    #expect(machine.state.name == expected, "\(row.name) × \(column.name)")
                    let isSilent = expected == "progressing" && ["none", "backwards"].contains(column.name)
                    #expect(actions.isEmpty == isSilent, "\(row.name) × \(column.name): a change is recorded")
                }
                try Self.survives(machine)
            }
        }
    }

    /// A stored state reads back the same.
    private static func survives(_ machine: RolloutStateMachine) throws {
        let state = machine.state
        let reason = state.reason ?? RolloutReason("", "")
        #expect(try RolloutStateMachine.State(name: state.name, step: state.step ?? 0, reason: reason) == state)
        #expect(machine.plan.candidatePercent <= 100)
        #expect(machine.isActive == (machine.step != nil || state == .promoting))
    }

    @Test("An unknown stored state is data loss, not a guess")
    func unknownState() {
        #expect(throws: MartletError.self) {
            try RolloutStateMachine.State(name: "flying", step: 0, reason: RolloutReason("", ""))
        }
    }

    @Test("Rolling back asks for the traffic first, then for the version, and says why")
    func rollBackActions() {
        for state: RolloutStateMachine.State in [.progressing(step: 0), .watching(step: 2, nil)] {
            var machine = Self.machine(state)
            let actions = machine.handle(.rollBack(Self.operatorReason), now: Self.start)
            #expect(actions.count == 3)
            #expect(actions.first == .setWeights(TrafficPlan(stable: 1)))
            #expect(actions.dropFirst().first == .rollBack(version: 2, Self.operatorReason))
        }
    }

    @Test("A watched version stays the plan's candidate, with everything, until the watch ends")
    func watchedPlan() {
        var machine = Self.machine(.promoting)
        let actions = machine.handle(.promotionFinished, now: Self.start)
        #expect(machine.plan == TrafficPlan(stable: 1, candidate: 2, candidatePercent: 100, step: 2))
        #expect(actions.first == .setWeights(machine.plan))
        let ending = machine.handle(.evidence(Self.evidence()), now: Self.start + .seconds(30))
        #expect(machine.state == .promoted)
        #expect(ending.first == .setWeights(TrafficPlan(stable: 2)))
    }

    @Test("Whatever happens in whatever order, nothing is promoted on no evidence and no trap is reached")
    func anyOrder() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<400 {
            let strategy = RolloutStrategy.allCases[random.index(below: RolloutStrategy.allCases.count)]
            var machine = RolloutStateMachine(
                spec: RolloutSpec(
                    strategy: strategy,
                    bake: .seconds(2),
                    timeout: .seconds(5),
                    onInconclusive: random.uniform() < 0.5 ? .hold : .rollback,
                    onFailure: random.uniform() < 0.5 ? .hold : .rollback,
                    rollbackWindow: .seconds(random.index(below: 3) * 5),
                    gates: RolloutGates(confirm: random.uniform() < 0.3),
                    comparison: strategy == .comparison ? MetricComparison(metric: .accuracy) : nil
                ),
                stable: 1
            )
            var now = Self.start
            for _ in 0..<60 {
                now = now + .seconds(random.index(below: 6) - 1)
                let event = Self.events[random.index(below: Self.events.count)]
                let actions = machine.handle(event.event, now: now)
                try Self.survives(machine)
                for case .setWeights(let plan) in actions.suffix(1) { #expect(plan == machine.plan) }
                let promotes = actions.contains { if case .promote = $0 { true } else { false } }
                guard promotes, strategy != .allAtOnce else { continue }
                let byHand = ["promote", "confirm"].contains(event.name)
                #expect(byHand || machine.evidence.step(0).candidate.requests > 0, "\(strategy) × \(event.name)")
            }
        }
    }
}
