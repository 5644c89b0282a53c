import Core
import Foundation
import HTTPSupport
import Pipelines
import TestSupport
import Testing

/// Each limit of the module, at it and one past it.
struct PipelinesLimitsTests {
    private func accepts(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            return false
        }
    }

    /// Whether a pipeline with one command is accepted with these members.
    private func acceptsTask(named name: String = "a", _ members: JSONObject) -> Bool {
        var task: JSONObject = members["script"] == nil ? ["run": ["true"]] : [:]
        for (key, value) in members.pairs { task[key] = value }
        return accepts {
            _ = try PipelineSpec.parse(name: "p", ["tasks": .object([name: .object(task)])], steps: [])
        }
    }

    private func text(_ length: Int) -> String {
        String(repeating: "x", count: length)
    }

    @Test func pipelinesAndNames() {
        let pipelines = { (count: Int) -> JSONValue in
            .object(JSONObject((0..<count).map { ("p\($0)", ["tasks": ["a": ["run": ["true"]]]]) }))
        }
        #expect(accepts { _ = try PipelineSpec.parseSection(pipelines(PipelinesLimits.pipelines), steps: []) })
        #expect(!accepts { _ = try PipelineSpec.parseSection(pipelines(PipelinesLimits.pipelines + 1), steps: []) })
        #expect(acceptsTask(named: text(PipelinesLimits.nameBytes), [:]))
        #expect(!acceptsTask(named: text(PipelinesLimits.nameBytes + 1), [:]))
    }

    @Test func edges() {
        // Every task needs all before it: count × (count - 1) / 2 edges.
        let tasks = { (count: Int) -> JSONValue in
            let pairs = (0..<count).map { index -> (String, JSONValue) in
                ("t\(index)", ["run": ["true"], "needs": .array((0..<index).map { .string("t\($0)") })])
            }
            return ["tasks": .object(JSONObject(pairs))]
        }
        var count = 1
        while (count + 1) * count / 2 <= PipelinesLimits.edges { count += 1 }
        #expect(accepts { _ = try PipelineSpec.parse(name: "p", tasks(count), steps: []) })
        #expect(!accepts { _ = try PipelineSpec.parse(name: "p", tasks(count + 1), steps: []) })
    }

    @Test func parameters() {
        let section = { (parameters: JSONObject) -> JSONValue in
            ["parameters": .object(parameters), "tasks": ["a": ["run": ["true"]]]]
        }
        let many = { (count: Int) in JSONObject((0..<count).map { ("p\($0)", JSONValue.integer(1)) }) }
        #expect(accepts { _ = try PipelineSpec.parse(name: "p", section(many(PipelinesLimits.parameters)), steps: []) })
        #expect(
            !accepts { _ = try PipelineSpec.parse(name: "p", section(many(PipelinesLimits.parameters + 1)), steps: []) }
        )
        let long = { (length: Int) -> JSONObject in ["x": .string(text(length))] }
        // The quotes of the JSON text count.
        let most = PipelinesLimits.parameterBytes - 2
        #expect(accepts { _ = try PipelineSpec.parse(name: "p", section(long(most)), steps: []).resolve(long(most)) })
        #expect(!accepts { _ = try PipelineSpec.parse(name: "p", section(long(most + 1)), steps: []) })
        #expect(!accepts { _ = try PipelineSpec.parse(name: "p", section(long(1)), steps: []).resolve(long(most + 1)) })
    }

    @Test func numbersOfATask() throws {
        #expect(acceptsTask(["retries": .integer(PipelinesLimits.retries)]))
        #expect(!acceptsTask(["retries": .integer(PipelinesLimits.retries + 1)]))
        let timeout = PipelinesLimits.longestTimeout.wholeMilliseconds
        #expect(acceptsTask(["timeout": .string("\(timeout)ms")]))
        #expect(!acceptsTask(["timeout": .string("\(timeout + 1)ms")]))
        let backoff = PipelinesLimits.longestBackoff.wholeMilliseconds
        #expect(acceptsTask(["backoff": .string("\(backoff)ms")]))
        #expect(!acceptsTask(["backoff": .string("\(backoff + 1)ms")]))
        let plain = try PipelineSpec.parse(name: "p", ["tasks": ["a": ["run": ["true"]]]], steps: [])
        #expect(plain.tasks.first?.backoff == PipelinesLimits.defaultBackoff)
    }

    @Test func commandsScriptsAndEnvironments() {
        let words = { (count: Int) -> JSONObject in ["run": .array(Array(repeating: "x", count: count))] }
        #expect(acceptsTask(words(PipelinesLimits.commandWords)))
        #expect(!acceptsTask(words(PipelinesLimits.commandWords + 1)))
        #expect(acceptsTask(["script": .string(text(PipelinesLimits.scriptBytes))]))
        #expect(!acceptsTask(["script": .string(text(PipelinesLimits.scriptBytes + 1))]))
        let variables = { (count: Int) -> JSONObject in
            ["env": .object(JSONObject((0..<count).map { ("V\($0)", JSONValue.integer(1)) }))]
        }
        #expect(acceptsTask(variables(PipelinesLimits.environment)))
        #expect(!acceptsTask(variables(PipelinesLimits.environment + 1)))
    }

    @Test func timesFitTogether() {
        // A server that stops has ended its commands before another takes its runs, and a late heartbeat loses nothing.
        #expect(PipelinesLimits.terminationGrace < PipelinesLimits.lease)
        #expect(PipelinesLimits.heartbeat * 3 < PipelinesLimits.lease)
        #expect(PipelinesLimits.freeLosses == 1)
    }

    @Test func tasksAndRunsAtTheSameTime() async throws {
        let fixture = try await PipelineFixture()
        let tasks = (0...PipelinesLimits.parallelTasks).map { ("t\($0)", ["step": "test.endless"] as JSONValue) }
        try await fixture.apply([
            "wide": ["tasks": .object(JSONObject(tasks))], "p": ["tasks": ["a": ["step": "test.endless"]]],
        ])
        let service = fixture.service()
        try await serving(service) {
            let wide = try await service.startRun(pipeline: "wide")
            for _ in 0..<PipelinesLimits.activeRuns { _ = try await service.startRun(pipeline: "p") }
            let running = { try await service.runs(limit: 100).items.count { $0.state == .running } }
            while try await running() < PipelinesLimits.activeRuns { try? await Task.sleep(for: .milliseconds(1)) }
            let states = { try await service.run(wide).tasks.map(\.state) }
            while try await states().count(where: { $0 == .running }) < PipelinesLimits.parallelTasks {
                try? await Task.sleep(for: .milliseconds(1))
            }
            #expect(try await states().last == .pending)
            #expect(try await service.runs(limit: 100).items.first?.state == .queued)
        }
    }

    @Test func linesAreWrittenWhileTheTaskRuns() async throws {
        let clock = ManualClock()
        let fixture = try await PipelineFixture(clock: clock.clock)
        try await fixture.apply(["p": ["tasks": ["a": ["step": "test.endless"]]]])
        let service = fixture.service()
        try await serving(service) {
            let id = try await service.startRun(pipeline: "p")
            // The heartbeat, the deadline and the log sleep.
            while clock.sleeperCount < 3 { try? await Task.sleep(for: .milliseconds(1)) }
            while try await service.logs(run: id, task: "a").isEmpty {
                clock.advance(by: PipelinesLimits.logFlush)
                try? await Task.sleep(for: .milliseconds(1))
            }
            #expect(try await service.run(id).task("a")?.state == .running)
        }
    }

    @Test func longErrorsAreCut() async throws {
        let long = BuiltinStep(name: "test.long", summary: "", parameters: []) { _ in
            throw MartletError(.failedPrecondition, String(repeating: "x", count: PipelinesLimits.errorBytes + 1))
        }
        let run = try await PipelineFixture().run(["a": ["step": "test.long"]], steps: [long])
        #expect(run.task("a")?.error?.utf8.count == PipelinesLimits.errorBytes)
    }

    @Test func stepOutputsAreBounded() async throws {
        let step = BuiltinStep(name: "test.big", summary: "", parameters: [StepParameter("n", "")]) { context in
            let length = try JSONFields(context.parameters).int("n")
            return ["x": .string(String(repeating: "x", count: Int(length)))]
        }
        let most = PipelinesLimits.outputBytes - "{\"x\":\"\"}".utf8.count
        let run = try await PipelineFixture().run(
            [
                "fits": ["step": "test.big", "with": ["n": .int(most)]],
                "not": ["step": "test.big", "with": ["n": .int(most + 1)]],
            ],
            steps: [step]
        )
        #expect(run.tasks.map(\.state) == [.succeeded, .failed])
    }

    @Test func directoriesOfOldRunsGo() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply(["p": ["tasks": ["a": ["step": "test.echo"]]]])
        let service = fixture.service()
        var last = ""
        last = try await serving(service) {
            var id = ""
            for _ in 0...PipelinesLimits.keptDirectories {
                id = try await service.startRun(pipeline: "p")
                _ = try await service.waitForRun(id)
            }
            return id
        }
        let kept = try FileManager.default.contentsOfDirectory(atPath: fixture.directory + "/tasks")
        #expect(kept.count == PipelinesLimits.keptDirectories)
        #expect(kept.contains(last))
    }

    @Test func pagesOfALogAreBounded() async throws {
        let talk = BuiltinStep(name: "test.talk", summary: "", parameters: []) { context in
            for number in 0...PipelinesLimits.logPage { context.log("\(number)") }
            return [:]
        }
        let fixture = try await PipelineFixture()
        let run = try await fixture.run(["a": ["step": "test.talk"]], steps: [talk])
        let service = fixture.service()
        let first = try await service.logs(run: run.id, task: "a")
        #expect(first.count == PipelinesLimits.logPage)
        let rest = try await service.logs(run: run.id, task: "a", after: first.last?.position ?? 0)
        #expect(rest.map(\.text) == ["\(PipelinesLimits.logPage)"])
    }
}
