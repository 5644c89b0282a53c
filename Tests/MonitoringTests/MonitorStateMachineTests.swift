import Core
import Testing

import Monitoring

struct MonitorStateMachineTests {
    typealias State = MonitorStateMachine.State
    typealias Event = MonitorStateMachine.Event

    private let start = Timestamp(milliseconds: 1_000)
    private let later = Timestamp(milliseconds: 2_000)

    /// One line of the transition table.
    struct Line: Sendable {
        let state: State
        let streak: Int
        let owes: Bool
        let hysteresis: Int
        let drift: Bool
        let next: State
        let nextStreak: Int
        let nextOwes: Bool
    }

    /// Every state, both memories of announced drift, hysteresis 1 and 2 (and the step before 3), both evaluations.
    static let table: [Line] = [
        // Nothing known yet.
        Line(
            state: .collecting,
            streak: 0,
            owes: false,
            hysteresis: 1,
            drift: true,
            next: .drift,
            nextStreak: 0,
            nextOwes: true
        ),
        Line(
            state: .collecting,
            streak: 0,
            owes: false,
            hysteresis: 2,
            drift: true,
            next: .warning,
            nextStreak: 1,
            nextOwes: false
        ),
        Line(
            state: .collecting,
            streak: 0,
            owes: false,
            hysteresis: 1,
            drift: false,
            next: .ok,
            nextStreak: 0,
            nextOwes: false
        ),
        Line(
            state: .collecting,
            streak: 0,
            owes: false,
            hysteresis: 2,
            drift: false,
            next: .ok,
            nextStreak: 0,
            nextOwes: false
        ),
        // A new reference after drift: its end must be shown.
        Line(
            state: .collecting,
            streak: 0,
            owes: true,
            hysteresis: 1,
            drift: true,
            next: .drift,
            nextStreak: 0,
            nextOwes: true
        ),
        Line(
            state: .collecting,
            streak: 1,
            owes: true,
            hysteresis: 2,
            drift: true,
            next: .warning,
            nextStreak: 1,
            nextOwes: true
        ),
        Line(
            state: .collecting,
            streak: 0,
            owes: true,
            hysteresis: 1,
            drift: false,
            next: .recovered,
            nextStreak: 0,
            nextOwes: false
        ),
        Line(
            state: .collecting,
            streak: 0,
            owes: true,
            hysteresis: 2,
            drift: false,
            next: .collecting,
            nextStreak: 1,
            nextOwes: true
        ),
        Line(
            state: .collecting,
            streak: 1,
            owes: true,
            hysteresis: 2,
            drift: false,
            next: .recovered,
            nextStreak: 0,
            nextOwes: false
        ),
        // Nothing changed.
        Line(
            state: .ok,
            streak: 0,
            owes: false,
            hysteresis: 1,
            drift: true,
            next: .drift,
            nextStreak: 0,
            nextOwes: true
        ),
        Line(
            state: .ok,
            streak: 0,
            owes: false,
            hysteresis: 2,
            drift: true,
            next: .warning,
            nextStreak: 1,
            nextOwes: false
        ),
        Line(
            state: .ok,
            streak: 0,
            owes: false,
            hysteresis: 1,
            drift: false,
            next: .ok,
            nextStreak: 0,
            nextOwes: false
        ),
        Line(
            state: .ok,
            streak: 0,
            owes: false,
            hysteresis: 2,
            drift: false,
            next: .ok,
            nextStreak: 0,
            nextOwes: false
        ),
        // Drift seen, not yet believed.
        Line(
            state: .warning,
            streak: 1,
            owes: false,
            hysteresis: 2,
            drift: true,
            next: .drift,
            nextStreak: 0,
            nextOwes: true
        ),
        Line(
            state: .warning,
            streak: 1,
            owes: false,
            hysteresis: 3,
            drift: true,
            next: .warning,
            nextStreak: 2,
            nextOwes: false
        ),
        Line(
            state: .warning,
            streak: 2,
            owes: false,
            hysteresis: 3,
            drift: true,
            next: .drift,
            nextStreak: 0,
            nextOwes: true
        ),
        Line(
            state: .warning,
            streak: 2,
            owes: false,
            hysteresis: 3,
            drift: false,
            next: .ok,
            nextStreak: 0,
            nextOwes: false
        ),
        Line(
            state: .warning,
            streak: 1,
            owes: true,
            hysteresis: 2,
            drift: true,
            next: .drift,
            nextStreak: 0,
            nextOwes: true
        ),
        Line(
            state: .warning,
            streak: 1,
            owes: true,
            hysteresis: 2,
            drift: false,
            next: .collecting,
            nextStreak: 1,
            nextOwes: true
        ),
        Line(
            state: .warning,
            streak: 1,
            owes: true,
            hysteresis: 1,
            drift: false,
            next: .recovered,
            nextStreak: 0,
            nextOwes: false
        ),
        // Drift established.
        Line(
            state: .drift,
            streak: 0,
            owes: true,
            hysteresis: 1,
            drift: true,
            next: .drift,
            nextStreak: 0,
            nextOwes: true
        ),
        Line(
            state: .drift,
            streak: 1,
            owes: true,
            hysteresis: 2,
            drift: true,
            next: .drift,
            nextStreak: 0,
            nextOwes: true
        ),
        Line(
            state: .drift,
            streak: 0,
            owes: true,
            hysteresis: 1,
            drift: false,
            next: .recovered,
            nextStreak: 0,
            nextOwes: false
        ),
        Line(
            state: .drift,
            streak: 0,
            owes: true,
            hysteresis: 2,
            drift: false,
            next: .drift,
            nextStreak: 1,
            nextOwes: true
        ),
        Line(
            state: .drift,
            streak: 1,
            owes: true,
            hysteresis: 2,
            drift: false,
            next: .recovered,
            nextStreak: 0,
            nextOwes: false
        ),
        // Drift has ended.
        Line(
            state: .recovered,
            streak: 0,
            owes: false,
            hysteresis: 1,
            drift: true,
            next: .drift,
            nextStreak: 0,
            nextOwes: true
        ),
        Line(
            state: .recovered,
            streak: 0,
            owes: false,
            hysteresis: 2,
            drift: true,
            next: .warning,
            nextStreak: 1,
            nextOwes: false
        ),
        Line(
            state: .recovered,
            streak: 0,
            owes: false,
            hysteresis: 1,
            drift: false,
            next: .ok,
            nextStreak: 0,
            nextOwes: false
        ),
        Line(
            state: .recovered,
            streak: 0,
            owes: false,
            hysteresis: 2,
            drift: false,
            next: .ok,
            nextStreak: 0,
            nextOwes: false
        ),
    ]

    @Test(arguments: table)
    func everyTransition(line: Line) {
        var machine = MonitorStateMachine(
            state: line.state,
            since: start,
            streak: line.streak,
            owesClearance: line.owes,
            hysteresis: line.hysteresis
        )
        let actions = machine.handle(.evaluated(drift: line.drift), now: later)
        #expect(machine.state == line.next)
        #expect(machine.streak == line.nextStreak)
        #expect(machine.owesClearance == line.nextOwes)
        #expect(machine.since == (line.next == line.state ? start : later))
        #expect(actions == (line.next == line.state ? [] : [.announce(from: line.state, to: line.next)]))
        #expect(machine.detected == (line.next == .drift))
    }

    @Test(arguments: State.allCases, [false, true])
    func anUndecidedEvaluationChangesNothing(state: State, owes: Bool) {
        var machine = MonitorStateMachine(state: state, since: start, streak: 1, owesClearance: owes, hysteresis: 2)
        let before = machine
        #expect(machine.handle(.evaluated(drift: nil), now: later).isEmpty)
        #expect(machine == before)
    }

    @Test(arguments: State.allCases, [false, true])
    func aNewReferenceStartsAnew(state: State, owes: Bool) {
        var machine = MonitorStateMachine(state: state, since: start, streak: 1, owesClearance: owes, hysteresis: 2)
        let actions = machine.handle(.referenceChanged, now: later)
        #expect(machine.state == .collecting)
        #expect(machine.streak == 0)
        #expect(machine.owesClearance == owes)
        #expect(actions == (state == .collecting ? [] : [.announce(from: state, to: .collecting)]))
    }

    @Test func hysteresisMayChangeAndIsAtLeastOne() {
        var machine = MonitorStateMachine(hysteresis: 5, now: start)
        #expect(machine.handle(.hysteresisChanged(0), now: later).isEmpty)
        #expect(machine.hysteresis == 1)
        _ = machine.handle(.evaluated(drift: true), now: later)
        #expect(machine.detected)
    }

    @Test func driftUnderAnOldReferenceIsClearedUnderTheNewOne() {
        var machine = MonitorStateMachine(hysteresis: 2, now: start)
        var path: [State] = []
        let events: [Event] = [
            .evaluated(drift: false), .evaluated(drift: true), .evaluated(drift: true), .referenceChanged,
            .evaluated(drift: false), .evaluated(drift: false), .evaluated(drift: false),
        ]
        for event in events {
            _ = machine.handle(event, now: later)
            path.append(machine.state)
        }
        #expect(path == [.ok, .warning, .drift, .collecting, .collecting, .recovered, .ok])
    }

    /// What holds for every history, checked against a plain count of the evaluations in a row.
    @Test(arguments: 1...4)
    func invariantsHoldInRandomHistories(hysteresis: Int) {
        var generator = SeededGenerator(seed: UInt64(hysteresis))
        var machine = MonitorStateMachine(hysteresis: hysteresis, now: start)
        var drifts = 0
        var cleans = 0
        var visited: Set<State> = []
        for _ in 0..<4_000 {
            let before = machine
            let event: Event =
                switch generator.index(below: 20) {
                case 0: .referenceChanged
                case 1: .evaluated(drift: nil)
                case 2...10: .evaluated(drift: true)
                default: .evaluated(drift: false)
                }
            let actions = machine.handle(event, now: later)
            switch event {
            case .evaluated(drift: true?): (drifts, cleans) = (drifts + 1, 0)
            case .evaluated(drift: false?): (drifts, cleans) = (0, cleans + 1)
            case .referenceChanged: (drifts, cleans) = (0, 0)
            case .evaluated(drift: nil), .hysteresisChanged: break
            }
            visited.insert(machine.state)
            #expect(
                actions == (before.state == machine.state ? [] : [.announce(from: before.state, to: machine.state)])
            )
            if machine.detected, !before.detected { #expect(drifts >= hysteresis) }
            if drifts >= hysteresis { #expect(machine.detected) }
            if machine.state == .recovered, before.state != .recovered { #expect(cleans >= hysteresis) }
            if cleans > hysteresis { #expect(machine.state == .ok) }
            if machine.state == .ok || machine.state == .recovered { #expect(!machine.owesClearance) }
            if machine.detected { #expect(machine.owesClearance) }
            #expect(machine.streak < hysteresis)
        }
        #expect(visited.count == (hysteresis == 1 ? State.allCases.count - 1 : State.allCases.count))
    }
}
