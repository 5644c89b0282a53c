import Core
import Runtimes
import Testing

/// Every decision about workers, without a process.
struct WorkerSupervisorTests {
    private typealias Event = WorkerSupervisor.Event
    private typealias Action = WorkerSupervisor.Action
    private static let second: UInt64 = 1_000_000_000
    private var second: UInt64 { Self.second }

    private func supervisor(_ count: Int = 1) -> WorkerSupervisor {
        WorkerSupervisor(count: count, startTimeout: 120 * second, callTimeout: 60 * second)
    }

    /// A supervisor whose only worker is in each of the phases, at `now` = 100 s.
    private static let phases: [(word: String, events: [(Event, UInt64)])] = [
        ("backoff", []),
        ("starting", [(.begin, 100)]),
        ("ready", [(.begin, 100), (.ready(0), 100)]),
        ("busy", [(.begin, 100), (.ready(0), 100), (.assigned(0), 100)]),
        ("suspect", [(.begin, 90), (.ready(0), 90), (.assigned(0), 90), (.overdue(0, isStopped: false), 100)]),
        ("dying", [(.begin, 100), (.misbehaved(0), 100)]),
        ("draining", [(.begin, 100), (.ready(0), 100), (.drain, 100)]),
        ("ended", [(.drain, 100)]),
        ("broken", [(.begin, 100)] + Array(repeating: (.exited(0), 100), count: WorkerLimits.crashes * 2)),
    ]

    private static let events: [Event] = [
        .begin, .ready(0), .assigned(0), .answered(0, took: 1), .overdue(0, isStopped: false),
        .overdue(0, isStopped: true), .misbehaved(0), .exited(0), .tick, .drain,
    ]

    /// What each event does in each phase at the same moment: the phase after it and the actions.
    private static let table: [String: [String: (String, [Action])]] = [
        "backoff": ["begin": ("starting", [.start(0)]), "drain": ("ended", [.finish])],
        "starting": [
            "ready": ("ready", []), "misbehaved": ("dying", [.kill(0)]), "exited": ("starting", [.start(0)]),
            "drain": ("dying", [.kill(0)]),
        ],
        "ready": [
            "assigned": ("busy", []), "misbehaved": ("dying", [.kill(0)]), "exited": ("starting", [.start(0)]),
            "drain": ("draining", [.dismiss(0)]),
        ],
        "busy": [
            "answered": ("ready", []), "overdue": ("suspect", []), "stopped": ("dying", [.kill(0)]),
            "misbehaved": ("dying", [.kill(0)]), "exited": ("starting", [.start(0)]), "drain": ("busy", []),
        ],
        "suspect": [
            "answered": ("ready", []), "misbehaved": ("dying", [.kill(0)]), "exited": ("starting", [.start(0)]),
            "drain": ("suspect", []),
        ],
        "dying": ["exited": ("starting", [.start(0)]), "drain": ("dying", [])],
        "draining": ["exited": ("ended", [.finish])],
        "ended": [:],
        "broken": ["drain": ("ended", [.finish])],
    ]

    private static func word(_ event: Event) -> String {
        switch event {
        case .begin: "begin"
        case .ready: "ready"
        case .assigned: "assigned"
        case .answered: "answered"
        case .overdue(_, let isStopped): isStopped ? "stopped" : "overdue"
        case .misbehaved: "misbehaved"
        case .exited: "exited"
        case .tick: "tick"
        case .drain: "drain"
        }
    }

    @Test("Every event in every phase")
    func everyEventInEveryPhase() {
        for (word, history) in Self.phases {
            for event in Self.events {
                var supervisor = supervisor()
                for (past, time) in history { _ = supervisor.handle(past, now: time * second) }
                if word == "broken" {
                    while supervisor.phases[0].word != word { Self.crash(&supervisor, 100 * second) }
                }
                #expect(supervisor.phases[0].word == word)
                let actions = supervisor.handle(event, now: 100 * second)
                let expected = Self.table[word]?[Self.word(event)] ?? (word, [])
                #expect(supervisor.phases[0].word == expected.0, "\(event) in \(word)")
                #expect(actions == expected.1, "\(event) in \(word)")
            }
        }
    }

    private static func crash(_ supervisor: inout WorkerSupervisor, _ now: UInt64) {
        _ = supervisor.handle(.tick, now: now + WorkerLimits.longestBackoff)
        _ = supervisor.handle(.exited(0), now: now)
    }

    @Test("A worker that is not there is no worker")
    func unknownWorker() {
        var supervisor = supervisor()
        #expect(supervisor.handle(.ready(1), now: 0).isEmpty)
        #expect(supervisor.handle(.exited(-1), now: 0).isEmpty)
    }

    @Test("As many workers as asked for, at least one and at most the limit")
    func count() {
        #expect(supervisor(3).phases.count == 3)
        #expect(supervisor(0).phases.count == 1)
        #expect(supervisor(WorkerLimits.processes + 1).phases.count == WorkerLimits.processes)
    }

    @Test("A worker that does not get ready in time is ended and counts as crashed")
    func startTimeout() {
        var supervisor = supervisor()
        _ = supervisor.handle(.begin, now: 0)
        #expect(supervisor.nextTick == 120 * second)
        #expect(supervisor.handle(.tick, now: 120 * second - 1).isEmpty)
        #expect(supervisor.handle(.tick, now: 120 * second) == [.kill(0)])
        #expect(supervisor.handle(.exited(0), now: 121 * second) == [.start(0)])
        #expect(supervisor.totalCrashes == 1)
    }

    @Test("The first start is at once, the next wait longer and longer, and an answer makes them forget")
    func backoff() {
        #expect(WorkerSupervisor.backoff(after: 1) == 0)
        #expect(WorkerSupervisor.backoff(after: 2) == WorkerLimits.firstBackoff)
        #expect(WorkerSupervisor.backoff(after: 3) == 2 * WorkerLimits.firstBackoff)
        #expect(WorkerSupervisor.backoff(after: 1000) == WorkerLimits.longestBackoff)
        var supervisor = supervisor()
        _ = supervisor.handle(.begin, now: 0)
        #expect(supervisor.handle(.exited(0), now: second) == [.start(0)])
        #expect(supervisor.handle(.exited(0), now: 2 * second).isEmpty)
        #expect(supervisor.phases == [.backoff(until: 2 * second + WorkerLimits.firstBackoff)])
        #expect(supervisor.nextTick == 2 * second + WorkerLimits.firstBackoff)
        #expect(supervisor.handle(.tick, now: 2 * second).isEmpty)
        #expect(supervisor.handle(.tick, now: 3 * second) == [.start(0)])
        _ = supervisor.handle(.ready(0), now: 3 * second)
        _ = supervisor.handle(.assigned(0), now: 3 * second)
        _ = supervisor.handle(.answered(0, took: 1), now: 3 * second)
        #expect(supervisor.handle(.exited(0), now: 4 * second) == [.start(0)])
    }

    @Test("A worker that was ready long enough starts at once when it crashes")
    func settled() {
        var supervisor = supervisor()
        _ = supervisor.handle(.begin, now: 0)
        _ = supervisor.handle(.exited(0), now: 0)
        _ = supervisor.handle(.ready(0), now: second)
        #expect(supervisor.handle(.exited(0), now: second + WorkerLimits.settled) == [.start(0)])
    }

    @Test("A late worker may go on for as long as its calls usually take, then it is ended")
    func grace() {
        for (slowest, grace) in [
            (nil, WorkerLimits.firstCallGrace), (1, WorkerLimits.grace), (5 * second, 15 * second),
            (50 * second, 60 * second),
        ] as [(UInt64?, UInt64)] {
            var supervisor = supervisor()
            _ = supervisor.handle(.begin, now: 0)
            _ = supervisor.handle(.ready(0), now: 0)
            if let slowest {
                _ = supervisor.handle(.assigned(0), now: 0)
                _ = supervisor.handle(.answered(0, took: slowest), now: 0)
            }
            _ = supervisor.handle(.assigned(0), now: 0)
            #expect(supervisor.handle(.overdue(0, isStopped: false), now: second).isEmpty)
            #expect(supervisor.phases == [.suspect(until: second + grace)])
            var answering = supervisor
            _ = answering.handle(.answered(0, took: second), now: second + grace - 1)
            #expect(answering.phases == [.ready])
            #expect(supervisor.handle(.tick, now: second + grace - 1).isEmpty)
            #expect(supervisor.handle(.tick, now: second + grace) == [.kill(0)])
        }
    }

    @Test("A slow call is forgotten after many fast ones, and patience does not overflow")
    func patience() {
        var supervisor = supervisor()
        _ = supervisor.handle(.begin, now: 0)
        _ = supervisor.handle(.ready(0), now: 0)
        for took in [UInt64.max] + Array(repeating: 1, count: 1000) {
            _ = supervisor.handle(.assigned(0), now: 0)
            _ = supervisor.handle(.answered(0, took: took), now: 0)
        }
        _ = supervisor.handle(.assigned(0), now: 0)
        _ = supervisor.handle(.overdue(0, isStopped: false), now: 0)
        #expect(supervisor.phases == [.suspect(until: WorkerLimits.grace)])
        #expect(WorkerLimits.patience == 3)
    }

    @Test("Five crashes stop the starts; one trial follows the pause, and its answer starts the others")
    func breaker() {
        var supervisor = supervisor(2)
        _ = supervisor.handle(.begin, now: 0)
        _ = supervisor.handle(.ready(1), now: 0)
        for crash in 1..<WorkerLimits.crashes {
            #expect(supervisor.hasProspect)
            _ = supervisor.handle(.exited(0), now: 0)
            _ = supervisor.handle(.tick, now: UInt64(crash) * second)
            if supervisor.phases[0].hasProcess { continue }
            _ = supervisor.handle(.tick, now: UInt64(crash) * second + WorkerLimits.longestBackoff)
        }
        #expect(supervisor.handle(.exited(0), now: 10 * second) == [.reportBreak(pause: WorkerLimits.firstPause)])
        #expect(supervisor.phases == [.broken, .ready])
        #expect(supervisor.hasProspect, "the other worker serves on")
        #expect(supervisor.handle(.exited(1), now: 11 * second).isEmpty)
        #expect(supervisor.phases == [.broken, .broken])
        #expect(!supervisor.hasProspect)
        let trial = 10 * second + WorkerLimits.firstPause
        #expect(supervisor.nextTick == trial)
        #expect(supervisor.handle(.tick, now: trial - 1).isEmpty)
        #expect(supervisor.handle(.tick, now: trial) == [.start(0)])
        var failing = supervisor
        #expect(failing.handle(.exited(0), now: trial) == [.reportBreak(pause: 2 * WorkerLimits.firstPause)])
        #expect(failing.phases == [.broken, .broken])
        _ = supervisor.handle(.ready(0), now: trial)
        #expect(supervisor.nextTick == trial + WorkerLimits.settled)
        var quiet = supervisor
        #expect(quiet.handle(.tick, now: trial + WorkerLimits.settled) == [.reportRecovery, .start(1)])
        _ = supervisor.handle(.assigned(0), now: trial)
        #expect(supervisor.handle(.answered(0, took: 1), now: trial) == [.reportRecovery, .start(1)])
        #expect(supervisor.breaker.state == .closed)
    }

    @Test("Draining: idle workers leave at once, busy ones after their answer, and nothing starts again")
    func drain() {
        var supervisor = supervisor(4)
        _ = supervisor.handle(.begin, now: 0)
        for index in 0..<3 { _ = supervisor.handle(.ready(index), now: 0) }
        _ = supervisor.handle(.assigned(1), now: 0)
        _ = supervisor.handle(.assigned(2), now: 0)
        _ = supervisor.handle(.overdue(2, isStopped: false), now: 0)
        #expect(supervisor.handle(.drain, now: second) == [.dismiss(0), .kill(3)])
        #expect(supervisor.isDraining)
        #expect(supervisor.handle(.drain, now: second).isEmpty)
        #expect(supervisor.handle(.answered(1, took: 1), now: second) == [.dismiss(1)])
        #expect(supervisor.nextTick == second + WorkerLimits.endGrace)
        #expect(supervisor.handle(.exited(0), now: 2 * second).isEmpty)
        #expect(supervisor.handle(.tick, now: second + WorkerLimits.endGrace) == [.kill(1)])
        #expect(supervisor.handle(.tick, now: WorkerLimits.firstCallGrace) == [.kill(2)])
        for index in [1, 2] { #expect(supervisor.handle(.exited(index), now: 20 * second).isEmpty) }
        #expect(supervisor.handle(.exited(3), now: 20 * second) == [.finish])
        #expect(supervisor.phases.allSatisfy { $0 == .ended })
        #expect(supervisor.nextTick == nil)
        #expect(supervisor.handle(.begin, now: 30 * second).isEmpty)
    }

    @Test(
        "Any sequence of events: a process is started only where there is none, and draining always ends",
        arguments: 0..<200
    )
    func anySequence(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var supervisor = supervisor(3)
        var alive: Set<Int> = []
        var now: UInt64 = 0
        var isFinished = false
        func act(_ event: Event) {
            if case .exited(let index) = event { alive.remove(index) }
            for action in supervisor.handle(event, now: now) {
                switch action {
                case .start(let index): #expect(alive.insert(index).inserted && !supervisor.isDraining)
                case .kill(let index), .dismiss(let index): #expect(alive.contains(index))
                case .finish: isFinished = true
                case .reportBreak, .reportRecovery: break
                }
            }
            for index in 0..<3 { #expect(supervisor.phases[index].hasProcess == alive.contains(index)) }
        }
        act(.begin)
        for _ in 0..<400 {
            now += UInt64.random(in: 0...(4 * second), using: &random)
            let index = Int.random(in: 0..<3, using: &random)
            switch Int.random(in: 0..<9, using: &random) {
            case 0, 1: act(.ready(index))
            case 2, 3: act(.assigned(index))
            case 4: act(.answered(index, took: UInt64.random(in: 0...(9 * second), using: &random)))
            case 5: act(.overdue(index, isStopped: Bool.random(using: &random)))
            case 6: act(.misbehaved(index))
            case 7: if alive.contains(index) { act(.exited(index)) }
            default: act(.tick)
            }
        }
        act(.drain)
        for _ in 0..<10 {
            now += 100 * second
            act(.tick)
            for index in alive.sorted() where supervisor.phases[index] == .busy { act(.answered(index, took: 1)) }
            for index in alive.sorted() where supervisor.phases[index] != .busy { act(.exited(index)) }
        }
        #expect(alive.isEmpty && isFinished)
    }
}
