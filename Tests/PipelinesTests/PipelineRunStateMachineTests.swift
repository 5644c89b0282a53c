import Core
import Pipelines
import Testing

/// Runs as a whole: order, places, failure, cancel, restart.
struct PipelineRunStateMachineTests {
    private typealias Machine = PipelineRunStateMachine
    private static let now = Timestamp(milliseconds: 1_000_000)

    /// A pipeline from `name: needs`, in order.
    private static func spec(_ tasks: [(String, [String])], retries: Int64 = 0) throws -> PipelineSpec {
        let section = tasks.map { name, needs -> (String, JSONValue) in
            let task: JSONValue = [
                "run": ["true"], "needs": .array(needs.map(JSONValue.string)), "retries": .integer(retries),
                "timeout": "10s",
            ]
            return (name, task)
        }
        return try PipelineSpec.parse(name: "p", ["tasks": .object(JSONObject(section))], steps: [])
    }

    private static let diamond = [("a", []), ("b", ["a"]), ("c", ["a"]), ("d", ["b", "c"])]

    private func started(_ actions: [Machine.Action]) -> [String] {
        actions.compactMap { if case .task(let name, .start) = $0 { name } else { nil } }
    }

    private func ended(_ actions: [Machine.Action], _ state: TaskState) -> Set<String> {
        Set(
            actions.compactMap { action in
                switch action {
                case .task(let name, .end(_, state, _)), .task(let name, .drop(_, state, _)): name
                default: nil
                }
            }
        )
    }

    private func failed(_ task: String, attempt: Int = 1) -> Machine.Event {
        .task(task, .failed(attempt: attempt, message: "broke", isFinal: false))
    }

    @Test func aDiamondRunsInOrderAndInParallel() throws {
        var machine = Machine(spec: try Self.spec(Self.diamond))
        #expect(started(machine.handle(.begin, now: Self.now)) == ["a"])
        #expect(started(machine.handle(.task("a", .succeeded(attempt: 1)), now: Self.now)) == ["b", "c"])
        #expect(started(machine.handle(.task("c", .succeeded(attempt: 1)), now: Self.now)) == [])
        #expect(started(machine.handle(.task("b", .succeeded(attempt: 1)), now: Self.now)) == ["d"])
        let last = machine.handle(.task("d", .succeeded(attempt: 1)), now: Self.now)
        #expect(last.last == .finish(.succeeded, message: nil))
        #expect(machine.handle(.cancel, now: Self.now) == [])
    }

    @Test func placesAreBoundedAndFilledInTheOrderOfTheFile() throws {
        let tasks = (0..<5).map { ("t\($0)", [String]()) }
        var machine = Machine(spec: try Self.spec(tasks), parallel: 2)
        #expect(started(machine.handle(.begin, now: Self.now)) == ["t0", "t1"])
        #expect(started(machine.handle(.task("t1", .succeeded(attempt: 1)), now: Self.now)) == ["t2"])
        #expect(started(machine.handle(failed("t0"), now: Self.now)) == ["t3"])
    }

    @Test func aFailureSkipsWhatDependsOnItAndNothingElse() throws {
        let tasks = [("a", []), ("b", ["a"]), ("c", ["b"]), ("x", []), ("y", ["x"]), ("z", ["y", "c"])]
        var machine = Machine(spec: try Self.spec(tasks))
        _ = machine.handle(.begin, now: Self.now)
        let actions = machine.handle(failed("a"), now: Self.now)
        #expect(ended(actions, .skipped) == ["b", "c", "z"])
        #expect(started(machine.handle(.task("x", .succeeded(attempt: 1)), now: Self.now)) == ["y"])
        let last = machine.handle(.task("y", .succeeded(attempt: 1)), now: Self.now)
        #expect(last.last == .finish(.failed, message: "The task 'a' failed: broke"))
    }

    @Test func retriesKeepWhatDependsWaiting() throws {
        var machine = Machine(spec: try Self.spec(Self.diamond, retries: 1))
        _ = machine.handle(.begin, now: Self.now)
        let first = machine.handle(failed("a"), now: Self.now)
        #expect(ended(first, .skipped) == [])
        #expect(machine.wakesAt == Self.now + .seconds(1))
        #expect(started(machine.handle(.tick, now: Self.now + .milliseconds(999))) == [])
        #expect(started(machine.handle(.tick, now: Self.now + .seconds(1))) == ["a"])
        #expect(started(machine.handle(.task("a", .succeeded(attempt: 2)), now: Self.now)) == ["b", "c"])
    }

    @Test func aPausingTaskGivesItsPlaceAway() throws {
        var machine = Machine(spec: try Self.spec([("a", []), ("b", [])], retries: 1), parallel: 1)
        #expect(started(machine.handle(.begin, now: Self.now)) == ["a"])
        #expect(started(machine.handle(failed("a"), now: Self.now)) == ["b"])
        #expect(started(machine.handle(.tick, now: Self.now + .seconds(1))) == [])
        #expect(started(machine.handle(.task("b", .succeeded(attempt: 1)), now: Self.now + .seconds(2))) == ["a"])
    }

    @Test func cancelStopsWhatRunsAndDropsWhatWaits() throws {
        var machine = Machine(spec: try Self.spec(Self.diamond))
        _ = machine.handle(.begin, now: Self.now)
        _ = machine.handle(.task("a", .succeeded(attempt: 1)), now: Self.now)
        let actions = machine.handle(.cancel, now: Self.now)
        #expect(ended(actions, .cancelled) == ["d"])
        #expect(actions.contains(.task("b", .stop(attempt: 1, reason: .cancel))))
        #expect(machine.handle(.cancel, now: Self.now) == [])
        #expect(ended(machine.handle(.task("b", .succeeded(attempt: 1)), now: Self.now), .cancelled) == ["b"])
        let last = machine.handle(failed("c"), now: Self.now)
        #expect(last.last == .finish(.cancelled, message: "The run was cancelled."))
    }

    @Test func aTimeoutStopsThenFails() throws {
        var machine = Machine(spec: try Self.spec([("a", []), ("b", ["a"])]))
        _ = machine.handle(.begin, now: Self.now)
        #expect(machine.wakesAt == Self.now + .seconds(10))
        let stop = machine.handle(.tick, now: Self.now + .seconds(10))
        #expect(stop == [.task("a", .stop(attempt: 1, reason: .timeout))])
        let last = machine.handle(failed("a"), now: Self.now + .seconds(11))
        #expect(ended(last, .failed) == ["a"] && ended(last, .skipped) == ["b"])
        #expect(
            last.last
                == .finish(.failed, message: "The task 'a' failed: The task ran longer than its timeout of 10.0 s.")
        )
    }

    @Test func eventsOfOtherAttemptsAndTasksChangeNothing() throws {
        var machine = Machine(spec: try Self.spec([("a", [])]))
        _ = machine.handle(.begin, now: Self.now)
        #expect(machine.handle(.task("a", .succeeded(attempt: 2)), now: Self.now) == [])
        #expect(machine.handle(.task("nobody", .succeeded(attempt: 1)), now: Self.now) == [])
    }

    private func restored(_ states: [String: TaskStateMachine.State], cancelled: Bool = false) throws -> Machine {
        let machines = states.mapValues {
            Machine.Restored(TaskStateMachine(retry: RetryRule(), timeout: .seconds(10), state: $0))
        }
        return Machine(spec: try Self.spec(Self.diamond), restored: machines, isCancelled: cancelled)
    }

    @Test func aRestartGoesOnWhereTheRunStood() throws {
        var machine = try restored(["a": .done(.succeeded), "b": .running(attempt: 1, deadline: Self.now)])
        #expect(started(machine.handle(.begin, now: Self.now)) == ["c"])
        let lost = machine.handle(.task("b", .lost(attempt: 1)), now: Self.now)
        #expect(ended(lost, .lost) == ["b"])
        #expect(started(machine.handle(.tick, now: Self.now)) == ["b"])
    }

    @Test func aRestartAfterEverythingIsDoneFinishes() throws {
        var machine = try restored([
            "a": .done(.succeeded), "b": .done(.succeeded), "c": .done(.succeeded), "d": .done(.succeeded),
        ])
        #expect(machine.handle(.begin, now: Self.now) == [.finish(.succeeded, message: nil)])
    }

    @Test func aRestartAfterAFailureSkipsWhatWasNotYet() throws {
        var machine = try restored(["a": .done(.succeeded), "b": .done(.failed), "c": .done(.succeeded)])
        let actions = machine.handle(.begin, now: Self.now)
        #expect(ended(actions, .skipped) == ["d"])
        #expect(actions.last == .finish(.failed, message: "The task 'b' failed."))
    }

    @Test func aRestartOfACancelledRunStartsNothing() throws {
        var machine = try restored(["a": .running(attempt: 1, deadline: Self.now)], cancelled: true)
        #expect(machine.handle(.begin, now: Self.now) == [])
        #expect(ended(machine.handle(.task("a", .lost(attempt: 1)), now: Self.now), .lost) == ["a"])
        let last = machine.handle(.cancel, now: Self.now)
        #expect(ended(last, .cancelled) == ["a", "b", "c", "d"])
        #expect(last.last == .finish(.cancelled, message: "The run was cancelled."))
    }

    /// Random outcomes in random order: every task ends exactly once, never before what it needs, within the places.
    @Test(arguments: 0..<200)
    func randomRunsKeepTheRules(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let count = 1 + random.index(below: 12)
        let tasks = (0..<count).map { index -> (String, [String]) in
            ("t\(index)", (0..<index).filter { _ in random.uniform() < 0.3 }.map { "t\($0)" })
        }
        let needs = Dictionary(uniqueKeysWithValues: tasks)
        let parallel = 1 + random.index(below: 3)
        var machine = Machine(spec: try Self.spec(tasks, retries: 1), parallel: parallel)
        var running: [String: Int] = [:]
        var done: [String: TaskState] = [:]
        var finishes = 0
        var now = Self.now
        var actions = machine.handle(.begin, now: now)
        for _ in 0..<1000 {
            for action in actions {
                switch action {
                case .task(let name, .start(let attempt)):
                    #expect(needs[name]?.allSatisfy { done[$0] == .succeeded } == true)
                    #expect(running.updateValue(attempt, forKey: name) == nil)
                    #expect(done[name] == nil)
                case .task(let name, .end(let attempt, let state, _)):
                    #expect(running.removeValue(forKey: name) == attempt)
                    done[name] = state
                case .task(let name, .plan): #expect([.failed, .lost].contains(done.removeValue(forKey: name)))
                case .task(let name, .drop(_, let state, _)): #expect(done.updateValue(state, forKey: name) == nil)
                case .task(_, .stop): break
                case .finish: finishes += 1
                case .decide, .expand, .open, .admit, .request: Issue.record("\(action) of a plain task")
                }
            }
            #expect(running.count <= parallel)
            if finishes > 0 { break }
            now = now + .milliseconds(Int64(random.index(below: 3000)))
            let names = running.keys.sorted()
            guard random.uniform() < 0.98 else {
                actions = machine.handle(.cancel, now: now)
                continue
            }
            guard !names.isEmpty, random.uniform() < 0.8 else {
                actions = machine.handle(.tick, now: now)
                continue
            }
            let name = names[random.index(below: names.count)]
            let attempt = running[name] ?? 0
            let event: TaskStateMachine.Event =
                switch random.index(below: 4) {
                case 0: .failed(attempt: attempt, message: "no", isFinal: false)
                case 1: .lost(attempt: attempt)
                default: .succeeded(attempt: attempt)
                }
            actions = machine.handle(.task(name, event), now: now)
        }
        #expect(finishes == 1)
        #expect(done.count == count)
        #expect(running.isEmpty)
    }
}
