import Core
import Foundation
import Pipelines
import Testing

/// The `pipelines:` section: what is read, and each mistake in `BadFiles/` with the message it gets.
struct PipelineSpecTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("BadFiles")

    @Test func readsEverything() throws {
        let section: JSONValue = [
            "train": [
                "parameters": ["trials": 20, "name": "x"],
                "tasks": [
                    "fetch": [
                        "run": ["python3", "fetch.py", "${parameters.name}"],
                        "env": ["N": "${parameters.trials}", "K": 3],
                    ],
                    "echo": [
                        "step": "test.echo", "with": ["value": "${tasks.fetch.outputs.rows}"], "needs": ["fetch"],
                        "retries": 2, "backoff": "250ms", "timeout": "2m",
                    ],
                    "say": ["script": "echo hi", "needs": ["echo"]],
                ],
            ]
        ]
        let spec = try #require(try PipelineSpec.parseSection(section, steps: TestSteps.all).first)
        #expect(spec.name == "train")
        #expect(spec.tasks.map(\.name) == ["fetch", "echo", "say"])
        #expect(spec.levels == [0, 1, 2])
        #expect(spec.tasks[0].environment == ["N": "${parameters.trials}", "K": "3"])
        #expect(spec.tasks[1].retries == 2)
        #expect(spec.tasks[1].backoff == .milliseconds(250))
        #expect(spec.tasks[1].timeout == .seconds(120))
        #expect(spec.tasks[2].action == .script("echo hi"))
        #expect(spec.tasks[2].timeout == PipelinesLimits.defaultTimeout)
    }

    /// Each `name.json` is a `pipelines:` section, `name.txt` the message that it must be refused with.
    @Test func everyBadFileGetsItsMessage() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        let names = files.filter { $0.hasSuffix(".json") }
        #expect(names.count >= 20)
        for name in names {
            let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
            let golden = Self.folder.appendingPathComponent(name.replacingOccurrences(of: ".json", with: ".txt"))
            let expected = try String(contentsOf: golden, encoding: .utf8)
            do {
                _ = try PipelineSpec.parseSection(try JSONValue.parse(text), steps: TestSteps.all)
                Issue.record("\(name) was accepted")
            } catch {
                #expect(error.code == .invalidArgument)
                #expect(error.message + "\n" == expected, "\(name)")
            }
        }
    }

    private func tasks(_ count: Int) -> JSONValue {
        .object(JSONObject((0..<count).map { ("t\($0)", ["run": ["true"]]) }))
    }

    @Test func theNumberOfTasksIsBounded() throws {
        let most: JSONValue = ["tasks": tasks(PipelinesLimits.tasks)]
        #expect(try PipelineSpec.parse(name: "p", most, steps: []).tasks.count == PipelinesLimits.tasks)
        let more: JSONValue = ["tasks": tasks(PipelinesLimits.tasks + 1)]
        #expect(throws: MartletError.self) { try PipelineSpec.parse(name: "p", more, steps: []) }
    }

    @Test func aChainOfEveryTaskNeedsNoDeepStack() throws {
        let chain = JSONObject(
            (0..<PipelinesLimits.tasks).map { index -> (String, JSONValue) in
                ("t\(index)", ["run": ["true"], "needs": index == 0 ? [] : [.string("t\(index - 1)")]])
            }
        )
        let spec = try PipelineSpec.parse(name: "p", ["tasks": .object(chain)], steps: [])
        #expect(spec.levels.last == PipelinesLimits.tasks - 1)
        var machine = PipelineRunStateMachine(spec: spec)
        let now = Timestamp(milliseconds: 0)
        _ = machine.handle(.begin, now: now)
        let actions = machine.handle(.task("t0", .failed(attempt: 1, message: "no", isFinal: false)), now: now)
        #expect(actions.count == PipelinesLimits.tasks + 1)
    }

    @Test func parametersOfARunAreChecked() async throws {
        let section: JSONValue = [
            "parameters": ["trials": 20, "rate": 0.5, "name": "x", "data": nil], "tasks": ["a": ["run": ["true"]]],
        ]
        let spec = try PipelineSpec.parse(name: "p", section, steps: [])
        #expect(
            try spec.resolve(["data": "d", "rate": 1])
                == ["trials": 20, "rate": 1, "name": "x", "data": "d"]
        )
        #expect(await failure(.invalidArgument, "parameters.data", "missing") { _ = try spec.resolve([:]) } == nil)
        #expect(
            await failure(.invalidArgument, "parameters.trials", "whole number") {
                _ = try spec.resolve(["data": 1, "trials": "many"])
            } == nil
        )
        #expect(
            await failure(.invalidArgument, "parameters.trails", "not a known key") {
                _ = try spec.resolve(["data": 1, "trails": 1])
            } == nil
        )
    }
}
