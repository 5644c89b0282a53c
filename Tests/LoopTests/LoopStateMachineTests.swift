import Core
import Loop
import Testing

/// The machine alone: every state meets every event.
struct LoopStateMachineTests {
    static let start = Timestamp(milliseconds: 1_000_000)

    static func machine(
        _ state: LoopState,
        approval: ApprovalRule? = nil,
        writesBack: Bool = false
    ) -> LoopStateMachine {
        var progress = LoopProgress(openedAt: start)
        progress.state = state
        if state != .signalled { progress.runID = "run-1" }
        if ![.signalled, .retraining].contains(state) { progress.outputs = ["model": "m"] }
        if [.rollingOut, .writingBack, .promoted, .rolledBack].contains(state) { progress.version = 2 }
        progress.rolloutRequested = [.promoted, .rolledBack].contains(state)
        if state.isFinal { progress.finishedAt = start }
        if state == .awaitingApproval { progress.awaiting = .register }
        if state == .writingBack { progress.outcome = .promoted }
        if state == .cancelling {
            progress.cancellation = LoopCancellation(by: "ada", reason: "", from: .retraining)
        }
        progress.champion = 1
        return LoopStateMachine(
            id: "loop",
            trainingTimeout: .seconds(60),
            approval: approval,
            writesBack: writesBack,
            progress: progress
        )
    }

    static let verdicts = [true, false].map { GateVerdict(accepted: $0, reason: "because", evidence: ["a": 1]) }
    static let events: [LoopStateMachine.Event] =
        [
            .tick, .pipelineStarted(runID: "run-1"), .pipeline(.running),
            .pipeline(.succeeded(outputs: ["model": "m"])),
            .pipeline(.failed(message: "no")), .judged(verdicts[0], champion: 1), .judged(verdicts[1], champion: nil),
            .registered(version: 2),
            .rolloutStart(.started), .rolloutStart(.championChanged(to: 7)), .approved(by: "ada", comment: ""),
            .refused(by: "ada", comment: "no"), .cancel(by: "ada", reason: "why"), .undone(Undone([])),
            .undone(Undone(["It serves."], isPromoted: true)),
            .wroteBack(LoopCommit(commit: "c0ffee", branch: "main", changed: true)), .rollout(.superseded(by: 7)),
            .rollout(.notStarted), .rollout(.progressing(weight: 10)), .rollout(.promoted),
            .rollout(.rolledBack(reason: "worse")), .effectFailed(message: "no", transient: true),
            .effectFailed(message: "no", transient: false),
        ]

    /// The only ways from one state to another, by event; every other pair stays where it is.
    static func destination(_ state: LoopState, _ event: LoopStateMachine.Event) -> LoopState {
        if case .effectFailed(_, transient: false) = event {
            switch state {
            case .writingBack: return .promoted
            case .cancelling: return .cancelled
            default: return state.isFinal ? state : .failed
            }
        }
        if case .cancel = event {
            switch state {
            case .writingBack: return .promoted
            case .cancelling: return state
            default: return state.isFinal ? state : .cancelling
            }
        }
        switch (state, event) {
        case (.signalled, .pipelineStarted): return .retraining
        case (.retraining, .pipeline(.succeeded)): return .gating
        case (.retraining, .pipeline(.failed)): return .failed
        case (.gating, .judged(let verdict, _)): return verdict.accepted ? .registering : .rejected
        case (.registering, .registered): return .rollingOut
        case (.awaitingApproval, .approved): return .registering
        case (.awaitingApproval, .refused): return .rejected
        case (.rollingOut, .rolloutStart(.championChanged)): return .gating
        case (.writingBack, .wroteBack): return .promoted
        case (.cancelling, .undone(let undone)): return undone.isPromoted ? .promoted : .cancelled
        case (.rollingOut, .rollout(.promoted)): return .promoted
        case (.rollingOut, .rollout(.rolledBack)): return .rolledBack
        default: return state
        }
    }

    @Test(arguments: LoopState.allCases)
    func everyEventInEveryState(_ state: LoopState) {
        for event in Self.events {
            var machine = Self.machine(state)
            let actions = machine.handle(event, now: Self.start)
            #expect(machine.progress.state == Self.destination(state, event), "\(state) on \(event)")
            let entries = actions.compactMap { if case .record(let entry) = $0 { entry } else { nil } }
            #expect(entries.last.map { $0.state == machine.progress.state } ?? true)
            #expect(machine.progress.state == state || !entries.isEmpty, "a change of state is always recorded")
            #expect((machine.progress.finishedAt != nil) == machine.progress.state.isFinal)
            if state.isFinal {
                #expect(actions.isEmpty && machine == Self.machine(state), "an outcome is for good")
            }
        }
    }

    @Test(arguments: [
        (LoopState.signalled, LoopStateMachine.Effect.startPipeline(idempotencyKey: "loop-pipeline")),
        (.retraining, .readPipeline(runID: "run-1")),
        (.gating, .judge(outputs: ["model": "m"])),
        (.registering, .register(outputs: ["model": "m"], idempotencyKey: "loop-version")),
        (.rollingOut, .readRollout(version: 2)), (.writingBack, .writeBack(version: 2)), (.cancelling, .undo),
    ])
    func tickAsksForTheStatesEffectAgainAndAgain(_ state: LoopState, _ effect: LoopStateMachine.Effect) {
        var machine = Self.machine(state)
        for _ in 0..<3 {
            #expect(machine.handle(.tick, now: Self.start) == [.perform(effect)])
        }
        #expect(machine == Self.machine(state))
    }

    @Test func theAliasMovesOnlyOnceAndOnlyWhenNothingRolledOutYet() {
        var machine = Self.machine(.rollingOut)
        #expect(
            machine.handle(.rollout(.notStarted), now: Self.start) == [.perform(.startRollout(version: 2, champion: 1))]
        )
        _ = machine.handle(.rolloutStart(.started), now: Self.start)
        #expect(machine.handle(.rollout(.notStarted), now: Self.start).isEmpty)
        var restarted = Self.machine(.rollingOut)
        _ = restarted.handle(.rollout(.rolledBack(reason: "worse")), now: Self.start)
        #expect(restarted.progress.state == .rolledBack)
    }

    @Test func aRolloutThatNobodyPicksUpFails() {
        var machine = Self.machine(.rollingOut)
        _ = machine.handle(.rolloutStart(.started), now: Self.start)
        let limit = LoopLimits.rolloutPickupTimeout
        #expect(machine.handle(.rollout(.notStarted), now: Self.start + limit).isEmpty)
        _ = machine.handle(.rollout(.notStarted), now: Self.start + limit + .milliseconds(1))
        #expect(machine.progress.state == .failed)
    }

    @Test func weightsAreRecordedWhenTheyChange() {
        var machine = Self.machine(.rollingOut)
        let weights = [10, 10, 50, 50, 50, 100]
        let recorded = weights.map { machine.handle(.rollout(.progressing(weight: $0)), now: Self.start).count }
        #expect(recorded == [2, 0, 1, 0, 0, 1], "the first one also says that the rollout began")
    }

    @Test func retrainingThatTakesTooLongFails() {
        var machine = Self.machine(.retraining)
        #expect(machine.handle(.tick, now: Self.start + .seconds(60)) == [.perform(.readPipeline(runID: "run-1"))])
        _ = machine.handle(.tick, now: Self.start + .milliseconds(60_001))
        #expect(machine.progress.state == .cancelling, "the run is stopped first")
        _ = machine.handle(.undone(Undone(["The run was cancelled."])), now: Self.start)
        #expect(machine.progress.state == .failed)
    }

    @Test(arguments: [(0, LoopState.gating), (1, .failed)])
    func outputsAreBounded(_ excess: Int, _ state: LoopState) {
        var machine = Self.machine(.retraining)
        // {"text":"…"} has 11 bytes around the text.
        let text = String(repeating: "x", count: LoopLimits.maximumOutputsBytes - 11 + excess)
        _ = machine.handle(.pipeline(.succeeded(outputs: ["text": .string(text)])), now: Self.start)
        #expect(machine.progress.state == state)
    }

    @Test func aClockThatGoesBackwardsHarmsNothing() {
        var machine = Self.machine(.retraining)
        let past = Timestamp(milliseconds: .min)
        #expect(machine.handle(.tick, now: past) == [.perform(.readPipeline(runID: "run-1"))])
    }

    @Test func transientFailuresAreRepeatedWithGrowingDelayUpToTheLimit() throws {
        var machine = Self.machine(.registering)
        var now = Self.start
        var delays: [Duration] = []
        for _ in 0..<LoopLimits.maximumStepFailures {
            _ = machine.handle(.effectFailed(message: "busy", transient: true), now: now)
            let retryAt = try #require(machine.progress.retryAt)
            #expect(machine.handle(.tick, now: retryAt - .milliseconds(1)).isEmpty)
            #expect(machine.handle(.tick, now: retryAt).count == 1)
            delays.append(retryAt - now)
            now = retryAt
        }
        #expect(delays == [1, 2, 4, 8, 16, 32, 60, 60].map { Duration.seconds($0) })
        #expect(delays.first == LoopLimits.firstRetryDelay && delays.max() == LoopLimits.longestRetryDelay)
        _ = machine.handle(.effectFailed(message: "busy", transient: true), now: now)
        #expect(machine.progress.state == .failed)
    }

    @Test func successForgetsEarlierFailures() {
        var machine = Self.machine(.retraining)
        _ = machine.handle(.effectFailed(message: "busy", transient: true), now: Self.start)
        _ = machine.handle(.pipeline(.running), now: Self.start + .seconds(2))
        #expect(machine.progress.failures == 0)
        #expect(machine.progress.retryAt == nil)
    }
}
