import Core
import Sampling
import Studies
import TestSupport
import Testing

@Suite("Stored studies", .overEveryDatabase)
struct StudyStoreTests {
    @Test("ask, tell and remember, and go on as in memory")
    func asking() async throws {
        let fixture = try await Fixture()
        let spec = try Fixture.spec(Fixture.plain)
        _ = try await fixture.store.create("s", spec, owner: "me")
        var memory = Study(name: "s", space: spec.space, sampler: spec.sampler.make())
        for index in 0..<14 {
            // Every other trial is asked of another server.
            let store = index.isMultiple(of: 2) ? fixture.store : fixture.other
            let (record, _) = try await store.ask("s", worker: "w")
            let expected = try memory.ask()
            #expect(record.trial.values == expected.values)
            #expect(record.trial.number == index)
            let value = expected.values[0] * expected.values[0]
            try memory.tell(index, [value])
            #expect(try await store.tell("s", index, .complete([value])).trial.state == .complete)
        }
        let (study, history) = try await fixture.other.history("s")
        #expect(study.trialCount == 14 && study.endingCount == 14)
        #expect(history.trials == memory.trials)
        #expect(history.best?.number == memory.best?.number)
    }

    @Test("tell each trial once: the same again changes nothing, another outcome is refused")
    func telling() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.create("s", try Fixture.spec(Fixture.plain), owner: "me")
        let number = try await fixture.store.ask("s").trial.trial.number
        let first = try await fixture.store.tell("s", number, .complete([1]), attributes: ["a": 1])
        #expect(try await fixture.store.tell("s", number, .complete([1])) == first)
        await #expect(throws: MartletError.self) { try await fixture.store.tell("s", number, .complete([2])) }
        await #expect(throws: MartletError.self) { try await fixture.store.tell("s", number, .pruned) }
        await #expect(throws: MartletError.self) { try await fixture.store.tell("s", 7, .pruned) }
        let next = try await fixture.store.ask("s").trial.trial.number
        await #expect(throws: MartletError.self) { try await fixture.store.tell("s", next, .complete([1, 2])) }
        #expect(try await fixture.store.tell("s", next, .complete([.nan])).trial.state == .failed)
        #expect(try await fixture.store.study("s").endingCount == 2)
    }

    @Test("give the same key the same trial")
    func keys() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.create("s", try Fixture.spec(Fixture.plain), owner: "me")
        let first = try await fixture.store.ask("s", key: "k").trial
        #expect(try await fixture.store.ask("s", key: "k").trial == first)
        #expect(try await fixture.other.ask("s", key: "other").trial.trial.number == 1)
        let waiting = try await fixture.store.enqueue("s", params: ["n": 3], key: "k")
        #expect(try await fixture.store.enqueue("s", params: ["n": 3], key: "k").trial.number == waiting.trial.number)
        #expect(waiting.trial.number == 2)
    }

    @Test("hand out what waits in line first, with the rest proposed")
    func queue() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.create("s", try Fixture.spec(Fixture.plain), owner: "me")
        let params: JSONObject = ["x": 1.5, "kind": 2]
        #expect(try await fixture.store.enqueue("s", params: params).trial.state == .waiting)
        let (asked, study) = try await fixture.store.ask("s")
        #expect(asked.trial.values[0] == 1.5 && asked.trial.values[2] == 1 && (1...9).contains(asked.trial.values[1]))
        #expect(asked.json(study.spec)["params"]?["kind"] == 2)
        #expect(try await fixture.store.ask("s").trial.trial.number == 1)
        await #expect(throws: MartletError.self) { try await fixture.store.enqueue("s", params: ["x": 6]) }
        await #expect(throws: MartletError.self) { try await fixture.store.enqueue("s", params: ["y": 1]) }
    }

    @Test("never give two workers the same trial")
    func parallel() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.create("s", try Fixture.spec(Fixture.plain), owner: "me")
        _ = try await fixture.store.enqueue("s", params: ["x": 0])
        let stores = [fixture.store, fixture.other]
        let numbers = try await withThrowingTaskGroup(of: [Int].self) { group in
            for worker in 0..<6 {
                group.addTask {
                    var numbers: [Int] = []
                    for _ in 0..<5 {
                        let store = stores[worker % 2]
                        let trial = try await store.ask("s").trial.trial
                        _ = try await store.tell("s", trial.number, .complete([trial.values[0]]))
                        numbers.append(trial.number)
                    }
                    return numbers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(numbers.sorted() == Array(0..<30))
        let (study, history) = try await fixture.other.history("s")
        #expect(study.trialCount == 30 && study.endingCount == 30)
        #expect(history.endings.count == 30 && Set(history.trials.compactMap(\.ending)) == Set(0..<30))
    }

    @Test("end when they have all their trials; failed ones do not count")
    func end() async throws {
        let fixture = try await Fixture()
        let spec = try Fixture.spec(#"{"space": {"x": {"type": "float", "low": 0, "high": 1}}, "trials": 2}"#)
        _ = try await fixture.store.create("s", spec, owner: "me")
        _ = try await fixture.store.tell("s", try await fixture.store.ask("s").trial.trial.number, .failed("no"))
        try await fixture.run("s", 2)
        let error = await #expect(throws: MartletError.self) { try await fixture.store.ask("s") }
        #expect(error?.code == .failedPrecondition)
        #expect(try await fixture.store.trial("s", 0).0.message == "no")
    }

    @Test("report on the way, and prune as the pruner in memory does")
    func reports() async throws {
        let fixture = try await Fixture()
        let text = #"""
            {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "direction": "maximize",
             "pruner": {"type": "asha", "min_resource": 1, "reduction_factor": 2}}
            """#
        _ = try await fixture.store.create("s", try Fixture.spec(text), owner: "me")
        for (value, expected) in [(0.5, false), (0.4, true), (0.9, false)] {
            let number = try await fixture.store.ask("s").trial.trial.number
            #expect(try await fixture.other.report("s", number, step: 1, value: value) == expected)
            #expect(try await fixture.store.report("s", number, step: 1, value: 7) == expected)
            let outcome = expected ? StudyStore.Outcome.pruned : .complete([value])
            _ = try await fixture.store.tell("s", number, outcome)
            await #expect(throws: MartletError.self) {
                try await fixture.store.report("s", number, step: 2, value: 1)
            }
        }
        let (_, history) = try await fixture.other.history("s")
        #expect(history.trials.map { $0.reports.map(\.value) } == [[0.5], [0.4], [0.9]])
        #expect(history.trials.map(\.state) == [.complete, .pruned, .complete])
        #expect(history.trials[2].rungs.count == 1)
    }

    @Test("fail trials of silent workers and put them in line again, as often as was said")
    func silence() async throws {
        let fixture = try await Fixture()
        let text = #"""
            {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "heartbeat": {"timeout": "10s", "retries": 1}}
            """#
        _ = try await fixture.store.create("s", try Fixture.spec(text), owner: "me")
        let first = try await fixture.store.ask("s").trial.trial
        fixture.time.advance(by: .seconds(8))
        try await fixture.store.heartbeat("s", first.number)
        fixture.time.advance(by: .seconds(8))
        #expect(try await fixture.store.sweep() == 0)
        fixture.time.advance(by: .seconds(8))
        #expect(try await fixture.store.sweep() == 1)
        await #expect(throws: MartletError.self) { try await fixture.store.heartbeat("s", first.number) }
        let again = try await fixture.store.ask("s").trial
        #expect(again.trial.values == first.values && again.attempt == 1 && again.trial.number == 1)
        #expect(again.attributes["retries"] == 0)
        fixture.time.advance(by: .seconds(11))
        #expect(try await fixture.store.sweep() == 1)
        #expect(try await fixture.store.trials("s", state: .waiting, limit: 9).0.isEmpty)
        #expect(try await fixture.store.trials("s", state: .failed, limit: 9).0.count == 2)
    }

    @Test("are created once, reused when they search for the same, and deleted whole")
    func lives() async throws {
        let fixture = try await Fixture()
        let spec = try Fixture.spec(Fixture.plain)
        #expect(try await fixture.store.create("s", spec, owner: "me").isNew)
        await #expect(throws: MartletError.self) { try await fixture.store.create("s", spec, owner: "me") }
        #expect(try await !fixture.store.create("s", spec, owner: "me", reuses: true).isNew)
        let other = try Fixture.spec(#"{"space": {"x": {"type": "float", "low": 0, "high": 1}}}"#)
        await #expect(throws: MartletError.self) {
            try await fixture.store.create("s", other, owner: "me", reuses: true)
        }
        for name in ["", "a/b", String(repeating: "n", count: StudiesLimits.nameBytes + 1)] {
            await #expect(throws: MartletError.self) { try await fixture.store.create(name, spec, owner: "me") }
        }
        try await fixture.run("s", 2)
        try await fixture.store.delete("s")
        await #expect(throws: MartletError.self) { try await fixture.store.ask("s") }
        // A new study of that name knows nothing of the old one, whoever is asked.
        _ = try await fixture.store.create("s", spec, owner: "me")
        #expect(try await fixture.other.ask("s").trial.trial.number == 0)
        #expect(try await fixture.store.history("s").history.trials.count == 1)
    }

    @Test("with several objectives have a front")
    func several() async throws {
        let fixture = try await Fixture()
        let text = #"""
            {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "directions": ["minimize", "maximize"],
             "objectives": ["cost", "gain"]}
            """#
        _ = try await fixture.store.create("s", try Fixture.spec(text), owner: "me")
        for values in [[1, 1], [2, 3], [3, 2], [0.5, 0.0]] as [[Double]] {
            let number = try await fixture.store.ask("s").trial.trial.number
            _ = try await fixture.store.tell("s", number, .complete(values))
        }
        let (study, history) = try await fixture.store.history("s")
        #expect(history.bestTrials.map(\.number) == [0, 1, 3])
        for kind in StudyPlot.kinds where kind != "contour" {
            #expect(try await StudyPlot.draw(kind, study, history, PlotWish()).starts(with: Array("<svg".utf8)))
        }
        await #expect(throws: MartletError.self) {
            try await StudyPlot.draw("contour", study, history, PlotWish())
        }
        await #expect(throws: MartletError.self) { try await fixture.store.report("s", 0, step: 0, value: 1) }
    }
}
