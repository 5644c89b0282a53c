import Core
import Pipelines
import Testing

/// Fan-outs, parameters, retries and other parts of a declaration, at their bounds.
struct FanOutTests {
    private func task(_ members: JSONObject, pipeline: JSONObject = [:]) throws -> TaskSpec {
        var task: JSONObject = ["run": ["true"]]
        for (key, value) in members.pairs { task[key] = value }
        var whole = pipeline
        whole["tasks"] = ["a": .object(task)]
        let spec = try PipelineSpec.parse(name: "p", .object(whole), steps: [])
        return try #require(spec.tasks.first)
    }

    private func isTaken(_ members: JSONObject, pipeline: JSONObject = [:]) -> Bool {
        do {
            _ = try task(members, pipeline: pipeline)
            return true
        } catch {
            return false
        }
    }

    private func numbers(_ count: Int) -> JSONValue { .array((0..<count).map { .int($0) }) }

    @Test func hugeFanOutsAreRefusedBeforeTheyAreMade() {
        #expect(isTaken(["foreach": numbers(PipelinesLimits.defaultFanOut)]))
        #expect(!isTaken(["foreach": numbers(PipelinesLimits.defaultFanOut + 1)]))
        let most = Int64(PipelinesLimits.fanOut)
        #expect(isTaken(["foreach": numbers(PipelinesLimits.fanOut), "fan_out": ["limit": .integer(most)]]))
        #expect(!isTaken(["foreach": numbers(1), "fan_out": ["limit": .integer(most + 1)]]))
        // 100 to the power of eight has no room in memory.
        let axes = { (count: Int) in JSONObject((0..<count).map { ("x\($0)", numbers(100)) }) }
        #expect(!isTaken(["matrix": .object(axes(PipelinesLimits.axes))]))
        let small = { (count: Int) in JSONObject((0..<count).map { ("x\($0)", numbers(1)) }) }
        #expect(isTaken(["matrix": .object(small(PipelinesLimits.axes))]))
        #expect(!isTaken(["matrix": .object(small(PipelinesLimits.axes + 1))]))
    }

    @Test func aListThatIsReferredToIsBoundedWhenItIsThere() throws {
        let fan = try #require(
            try task(
                ["matrix": ["x": "${parameters.l}", "y": "${parameters.l}"], "fan_out": ["limit": 100]],
                pipeline: ["parameters": ["l": []]]
            ).fanOut
        )
        let values = { (count: Int) in
            ValueTemplate.Values(parameters: ["l": numbers(count)], outputs: [:], directory: "", runID: "")
        }
        #expect(try fan.items(values(10), path: "a").count == 100)
        #expect(throws: MartletError.self) { try fan.items(values(11), path: "a") }
        #expect(throws: MartletError.self) {
            let text = ValueTemplate.Values(parameters: ["l": "x"], outputs: [:], directory: "", runID: "")
            return try fan.items(text, path: "a")
        }
    }

    @Test func parallelAndPlaces() {
        let most = Int64(PipelinesLimits.mostParallelTasks)
        #expect(
            isTaken(["foreach": [1], "fan_out": ["parallel": .integer(most)]], pipeline: ["parallel": .integer(most)])
        )
        #expect(!isTaken(["foreach": [1], "fan_out": ["parallel": .integer(most + 1)]]))
        #expect(!isTaken([:], pipeline: ["parallel": .integer(most + 1)]))
        let slots = Int64(PipelinesLimits.poolSlots)
        #expect(
            isTaken(["pool": ["name": "x", "slots": .integer(slots)]], pipeline: ["pools": ["x": .integer(slots)]])
        )
        #expect(!isTaken([:], pipeline: ["pools": ["x": .integer(slots + 1)]]))
        #expect(!isTaken(["pool": ["name": "x", "slots": 2]], pipeline: ["pools": ["x": 1]]))
        #expect(!isTaken(["pool": "y"], pipeline: ["pools": ["x": 1]]))
        let runs = Int64(PipelinesLimits.concurrentRuns)
        #expect(isTaken([:], pipeline: ["concurrency": .integer(runs)]))
        #expect(!isTaken([:], pipeline: ["concurrency": .integer(runs + 1)]))
        let priorities = PipelinesLimits.priorities
        #expect(isTaken(["priority": .integer(priorities.upperBound)]))
        #expect(!isTaken(["priority": .integer(priorities.upperBound + 1)]))
    }

    @Test func artifactsStayBelowTheirDirectory() {
        for path in ["../x", "/etc/passwd", "a//b", "a/./b", "a/..", "", "a\u{0}b", "a\\b", "%2e%2e"] {
            #expect(!isTaken(["outputs": ["m": .string(path)]]), "\(path)")
        }
        let deep = { (depth: Int) in JSONValue.string(Array(repeating: "d", count: depth).joined(separator: "/")) }
        #expect(isTaken(["outputs": ["m": deep(PipelinesLimits.pathDepth)]]))
        #expect(!isTaken(["outputs": ["m": deep(PipelinesLimits.pathDepth + 1)]]))
        #expect(!isTaken(["outputs": ["m": "out", "n": "out/x"]]))
        let many = { (count: Int) in JSONValue.object(JSONObject((0..<count).map { ("o\($0)", .string("f\($0)")) })) }
        #expect(isTaken(["outputs": many(PipelinesLimits.artifacts)]))
        #expect(!isTaken(["outputs": many(PipelinesLimits.artifacts + 1)]))
        #expect(!isTaken(["inputs": ["m": "b.model"]]))
        #expect(isTaken(["cache": ["files": .array(Array(repeating: "f", count: PipelinesLimits.cacheFiles))]]))
        #expect(!isTaken(["cache": ["files": .array(Array(repeating: "f", count: PipelinesLimits.cacheFiles + 1))]]))
        #expect(!isTaken(["cache": ["files": ["../secret"]]]))
    }

    @Test func parametersHaveTypesChoicesAndBounds() throws {
        let section: JSONValue = [
            "parameters": [
                "rate": ["type": "number", "default": 0.1, "min": 0, "max": 1],
                "mode": ["type": "string", "choices": ["fast", "full"], "default": "fast"],
                "name": ["type": "string", "max": 3], "plain": ["type": "x", "y": 1],
            ], "tasks": ["a": ["run": ["true"]]],
        ]
        let spec = try PipelineSpec.parse(name: "p", section, steps: [])
        #expect(try spec.resolve(["name": "abc"])["rate"] == 0.1)
        #expect(try spec.resolve(["name": "abc"])["plain"] == ["type": "x", "y": 1])
        for given: JSONObject in [
            [:], ["name": "abcd"], ["name": 3], ["name": "a", "rate": 1.5], ["name": "a", "rate": "x"],
            ["name": "a", "mode": "other"], ["name": "a", "unknown": 1],
        ] {
            #expect(throws: MartletError.self, "\(JSONValue.object(given))") { try spec.resolve(given) }
        }
        let choices = { (count: Int) -> JSONObject in
            ["parameters": ["x": ["type": "integer", "default": 0, "choices": numbers(count)]]]
        }
        #expect(isTaken([:], pipeline: choices(PipelinesLimits.choices)))
        #expect(!isTaken([:], pipeline: choices(PipelinesLimits.choices + 1)))
        #expect(!isTaken([:], pipeline: ["parameters": ["x": ["type": "integer", "default": 9, "max": 8]]]))
    }

    @Test func pausesGrowToTheirCapAndJitterOnlyWhenAsked() {
        let plain = RetryRule(limit: 9, backoff: .seconds(1), factor: 3, cap: .seconds(20))
        #expect(
            (1...4).map { plain.pause(before: $0, seed: UInt64($0)) } == [
                .seconds(1), .seconds(3), .seconds(9), .seconds(20),
            ]
        )
        let jittered = RetryRule(limit: 9, backoff: .seconds(10), jitter: 0.2)
        let pauses = (0..<100).map { jittered.pause(before: 1, seed: $0) }
        #expect(pauses.allSatisfy { $0 >= .seconds(8) && $0 <= .seconds(12) } && Set(pauses).count > 50)
        #expect(jittered.pause(before: 1, seed: 4) == pauses[4])
    }

    @Test func imagesAreNames() {
        let image = { (text: String) -> JSONObject in ["container": ["image": .string(text)], "run": nil] }
        #expect(isTaken(image("ghcr.io/a/b:1@sha256:00")))
        #expect(isTaken(image(String(repeating: "x", count: PipelinesLimits.imageBytes))))
        #expect(!isTaken(image(String(repeating: "x", count: PipelinesLimits.imageBytes + 1))))
        for text in ["", "-v/:/host", "a b", "a;b", "$(id)"] { #expect(!isTaken(image(text)), "\(text)") }
    }
}
