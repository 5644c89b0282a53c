import Artifacts
import Core
import Foundation
import Pipelines
import Synchronization
import TestSupport
import Testing

/// Doing again what was done: resuming, re-running, caching; and artifacts on their way.
@Suite(.overEveryDatabase)
struct AgainTests {
    /// Fails while the switch is on, and counts how often it ran.
    private final class Flaky: Sendable {
        let isBroken = Mutex(true)
        let runs = Mutex<[String: Int]>([:])

        var step: BuiltinStep {
            BuiltinStep(
                name: "test.flaky",
                summary: "",
                parameters: [StepParameter("value", ""), StepParameter("flaky", "")]
            ) {
                context in
                self.runs.withLock { $0[context.task, default: 0] += 1 }
                if context.parameters["flaky"] == true, self.isBroken.withLock({ $0 }) {
                    throw MartletError(.failedPrecondition, "broken")
                }
                return ["value": context.parameters["value"] ?? .null]
            }
        }

        func count(_ task: String) -> Int { runs.withLock { $0[task] ?? 0 } }
    }

    private let section: JSONValue = [
        "p": [
            "tasks": [
                "a": ["step": "test.flaky", "with": ["value": 1]],
                "b": [
                    "step": "test.flaky", "needs": ["a"], "with": ["flaky": true, "value": "${tasks.a.outputs.value}"],
                ],
                "each": [
                    "step": "test.flaky", "needs": ["a"], "foreach": [true, false],
                    "with": ["flaky": "${item}", "value": "${index}"],
                ],
                "c": ["step": "test.flaky", "needs": ["b", "each"], "with": ["value": "${tasks.each.outputs.value}"]],
            ]
        ]
    ]

    @Test func aFailedRunGoesOnWhereItFailed() async throws {
        let flaky = Flaky()
        let fixture = try await PipelineFixture()
        try await fixture.apply(section, steps: [flaky.step])
        let service = fixture.service(steps: [flaky.step])
        try await serving(service) {
            let id = try await service.startRun(pipeline: "p")
            #expect(try await service.waitForRun(id).state == .failed)
            flaky.isBroken.withLock { $0 = false }
            _ = try await service.resume(id)
            let run = try await service.waitForRun(id)
            #expect(run.state == .succeeded, "\(run.error ?? "")")
            #expect(run.task("a")?.attempt == 1 && run.task("b")?.attempt == 2)
            #expect(run.task("each.0")?.attempt == 2 && run.task("each.1")?.attempt == 1)
            #expect(run.task("c")?.outputs["value"] == [0, 1])
            #expect(flaky.count("a") == 1 && flaky.count("b") == 2 && flaky.count("each.1") == 1)
            #expect(await failure(.failedPrecondition, "has succeeded") { _ = try await service.resume(id) } == nil)
            #expect(await failure(.notFound, "no pipeline run") { _ = try await service.resume("x") } == nil)
        }
    }

    @Test func oneTaskIsDoneAgainOnThePastInputs() async throws {
        let flaky = Flaky()
        flaky.isBroken.withLock { $0 = false }
        let fixture = try await PipelineFixture()
        try await fixture.apply(section, steps: [flaky.step])
        let service = fixture.service(steps: [flaky.step])
        try await serving(service) {
            let id = try await service.startRun(pipeline: "p")
            _ = try await service.waitForRun(id)
            let run = try await service.waitForRun(try await service.rerun("b", of: id).id)
            #expect(run.state == .succeeded && run.origin == id)
            #expect(run.task("a")?.cachedFrom == CachedFrom(runID: id, task: "a"))
            #expect(run.task("b")?.outputs["value"] == 1 && run.task("b")?.cachedFrom == nil)
            #expect(run.task("c")?.state == .skipped && flaky.count("a") == 1 && flaky.count("b") == 2)
            let more = try await service.waitForRun(
                try await service.rerun("each", of: id, includesDependents: true).id
            )
            #expect(more.state == .succeeded && more.task("c")?.outputs["value"] == [0, 1])
            #expect(flaky.count("c") == 2 && flaky.count("each.0") == 2 && flaky.count("b") == 2)
            #expect(await failure(.notFound, "has no task 'zz'") { _ = try await service.rerun("zz", of: id) } == nil)
        }
    }

    @Test func aResultIsTakenFromTheCacheUntilSomethingDiffers() async throws {
        let flaky = Flaky()
        let fixture = try await PipelineFixture()
        let section: JSONValue = [
            "p": [
                "parameters": ["x": 1],
                "tasks": ["a": ["step": "test.flaky", "cache": true, "with": ["value": "${parameters.x}"]]],
            ]
        ]
        try await fixture.apply(section, steps: [flaky.step])
        let service = fixture.service(steps: [flaky.step])
        try await serving(service) {
            func run(_ x: Int64) async throws -> PipelineRun {
                try await service.waitForRun(try await service.startRun(pipeline: "p", parameters: ["x": .integer(x)]))
            }
            let first = try await run(1)
            let second = try await run(1)
            #expect(first.task("a")?.cachedFrom == nil && flaky.count("a") == 1)
            #expect(second.task("a")?.cachedFrom?.runID == first.id && second.task("a")?.outputs["value"] == 1)
            _ = try await run(2)
            #expect(flaky.count("a") == 2)
            #expect(try await service.clearCache(pipeline: "other") == 0)
            #expect(try await service.clearCache(pipeline: "p") == 2)
            #expect(try await run(1).task("a")?.cachedFrom == nil)
        }
    }

    @Test func codeBesideTheManifestIsPartOfTheKey() async throws {
        let fixture = try await PipelineFixture()
        let file = fixture.directory + "/code.sh"
        try "echo one".write(toFile: file, atomically: true, encoding: .utf8)
        try await fixture.apply([
            "p": ["tasks": ["a": ["run": ["sh", "${pipeline.directory}/code.sh"], "cache": ["version": "1"]]]]
        ])
        let service = fixture.service()
        try await serving(service) {
            func isCached() async throws -> Bool {
                let run = try await service.waitForRun(try await service.startRun(pipeline: "p"))
                #expect(run.state == .succeeded && run.task("a")?.codeHash != nil)
                return run.task("a")?.cachedFrom != nil
            }
            #expect(try await !isCached())
            #expect(try await isCached())
            try "echo two".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try await !isCached())
        }
    }

    @Test func artifactsGoThroughTheStore() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply([
            "p": [
                "tasks": [
                    "make": [
                        "script": "mkdir -p out/sub; echo hello > out/sub/a; echo $MARTLET_ITEM > out/b",
                        "foreach": ["x", "y"], "outputs": ["data": "out"],
                    ],
                    "use": [
                        "script": "cat in/0/sub/a in/0/b in/1/b", "needs": ["make"],
                        "inputs": ["data": ["from": "make.data", "path": "in"]],
                    ],
                    "link": ["script": "ln -s /etc/passwd out", "outputs": ["data": "out"]],
                    "none": ["script": "true", "outputs": ["data": "out"]],
                ]
            ]
        ])
        let service = try fixture.serviceWithArtifacts()
        let run = try await serving(service) { try await service.waitForRun(try await service.startRun(pipeline: "p")) }
        #expect(run.task("use")?.state == .succeeded, "\(run.task("use")?.error ?? "")")
        #expect(try await service.logs(run: run.id, task: "use").map(\.text) == ["hello", "x", "y"])
        let record = try #require(run.task("make.0")?.artifacts.first)
        #expect(record.isDirectory && record.bytes == 8 && record.sha256.count == 64)
        #expect(record.place == "pipelines/\(run.id)/make.0/1/data")
        for task in ["link", "none"] {
            #expect(run.task(task)?.error?.contains("left no plain file or directory at 'out'") == true)
        }
    }
}
