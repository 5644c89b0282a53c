import Core
import Loop
import Testing

/// The guards between a signal and a loop.
struct TriggerStateMachineTests {
    typealias History = TriggerStateMachine.History
    static let now = Timestamp(milliseconds: 100_000_000)
    static let signal = LoopSignal(kind: .hand, message: "please")
    static let drift = LoopSignal(kind: .drift, message: "drift")
    static let policy = TriggerStateMachine.Policy(cooldown: .seconds(60), budget: 2, minimumLabelled: 10)

    static func answer(_ history: History, rows: Int = 10, force: Bool = false) -> [TriggerStateMachine.Action] {
        var machine = TriggerStateMachine(policy: policy)
        let event = TriggerStateMachine.Event.signalled(signal, history: history, newLabelledRows: rows, force: force)
        return machine.handle(event, now: now)
    }

    @Test func opensWhenNothingObjects() {
        #expect(Self.answer(History()) == [.open(Self.signal)])
    }

    @Test func oneLoopAtATimeEvenByForce() {
        let history = History(openLoop: "other")
        let refusal = TriggerStateMachine.Action.refuse(.alreadyRunning(loopID: "other"))
        #expect(Self.answer(history) == [refusal])
        #expect(Self.answer(history, force: true) == [refusal])
    }

    @Test func coolsDownToTheMillisecondUnlessForced() {
        let ended = Self.now - .seconds(60)
        let late = ended + .milliseconds(1)
        #expect(Self.answer(History(lastFinishedAt: ended)) == [.open(Self.signal)])
        #expect(Self.answer(History(lastFinishedAt: late)) == [.refuse(.coolingDown(until: late + .seconds(60)))])
        #expect(Self.answer(History(lastFinishedAt: late), force: true) == [.open(Self.signal)])
    }

    @Test func theBudgetHoldsEvenByForceAndFreesWithTheDay() {
        let day: Duration = .seconds(86_400)
        let first = Self.now - day + .milliseconds(1)
        let history = History(openedAt: [first, Self.now])
        let refusal = TriggerStateMachine.Action.refuse(.budgetSpent(limit: 2, until: first + day))
        #expect(Self.answer(history) == [refusal])
        #expect(Self.answer(history, force: true) == [refusal])
        #expect(Self.answer(History(openedAt: [Self.now - day, Self.now])) == [.open(Self.signal)])
    }

    @Test func sameDataAgainIsRefusedUnlessForced() {
        #expect(Self.answer(History(), rows: 9) == [.refuse(.noNewData(have: 9, need: 10))])
        #expect(Self.answer(History(), rows: 9, force: true) == [.open(Self.signal)])
    }

    @Test func aStandingSignalWaitsForLabelsAndOpensOnce() {
        var machine = TriggerStateMachine(policy: Self.policy)
        #expect(machine.handle(.stands(Self.drift), now: Self.now).isEmpty)
        let few = TriggerStateMachine.Event.reconsider(history: History(), newLabelledRows: 3)
        #expect(machine.handle(few, now: Self.now) == [.refuse(.noNewData(have: 3, need: 10))])
        #expect(machine.waiting == Self.drift)
        #expect(machine.refusal == .noNewData(have: 3, need: 10))
        let enough = TriggerStateMachine.Event.reconsider(history: History(), newLabelledRows: 10)
        #expect(machine.handle(enough, now: Self.now) == [.open(Self.drift)])
        #expect(machine.handle(enough, now: Self.now).isEmpty)
        #expect(machine.waiting == nil && machine.refusal == nil)
    }

    @Test func aClearedSignalOpensNothing() {
        var machine = TriggerStateMachine(policy: Self.policy)
        _ = machine.handle(.stands(Self.drift), now: Self.now)
        _ = machine.handle(.cleared, now: Self.now)
        #expect(machine.handle(.reconsider(history: History(), newLabelledRows: 99), now: Self.now).isEmpty)
    }

    @Test func aLoopByHandAnswersTheStandingSignal() {
        var machine = TriggerStateMachine(policy: Self.policy)
        _ = machine.handle(.stands(Self.drift), now: Self.now)
        let event = TriggerStateMachine.Event.signalled(
            Self.signal,
            history: History(),
            newLabelledRows: 10,
            force: false
        )
        #expect(machine.handle(event, now: Self.now) == [.open(Self.signal)])
        #expect(machine.waiting == nil)
    }

    @Test(arguments: [
        TriggerRefusal.alreadyRunning(loopID: "x"), .coolingDown(until: now), .budgetSpent(limit: 1, until: now),
        .noNewData(have: 0, need: 1),
    ])
    func everyRefusalSaysWhatToDo(_ refusal: TriggerRefusal) {
        #expect(
            refusal.message.contains("wait") || refusal.message.contains("next") || refusal.message.contains("send")
        )
    }
}
