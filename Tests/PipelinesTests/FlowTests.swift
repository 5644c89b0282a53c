import Artifacts
import Core
import Foundation
import HTTPSupport
import Pipelines
import Synchronization
import TestSupport
import Testing

/// Fan-out, conditions, failures and limits, run by a service over a database.
@Suite(.overEveryDatabase)
struct FlowTests {
    private func states(_ run: PipelineRun) -> [String: TaskState] {
        Dictionary(run.tasks.map { ($0.task, $0.state) }, uniquingKeysWith: { first, _ in first })
    }

    @Test func aTaskFansOutOverWhatAnotherGave() async throws {
        let run = try await PipelineFixture().run([
            "list": ["step": "test.echo", "with": ["value": ["a", "b", "c"]]],
            "each": [
                "step": "test.echo", "needs": ["list"], "foreach": "${tasks.list.outputs.value}",
                "with": ["value": "${item}-${index}"],
            ],
            "join": ["step": "test.echo", "needs": ["each"], "with": ["value": "${tasks.each.outputs.value}"]],
        ])
        #expect(run.state == .succeeded, "\(run.error ?? "")")
        #expect(run.tasks.map(\.task) == ["list", "each", "each.0", "each.1", "each.2", "join"])
        #expect(run.task("each")?.instances == 3)
        #expect(run.task("each.1")?.item == "b")
        #expect(run.task("join")?.outputs["value"] == ["a-0", "b-1", "c-2"])
        #expect(run.task("join")?.outputs["from_each.2"] == "c-2")
    }

    @Test func aMatrixRunsEveryCombinationButThoseExcluded() async throws {
        let run = try await PipelineFixture().run([
            "a": [
                "step": "test.echo", "with": ["value": "${matrix.x}/${matrix.y}"],
                "matrix": ["x": [1, 2], "y": ["p", "q"], "exclude": [["x": 2, "y": "p"]]],
                "fan_out": ["parallel": 1],
            ]
        ])
        #expect(run.tasks.dropFirst().map { $0.outputs["value"] } == ["1/p", "1/q", "2/q"])
    }

    @Test func noValuesAreASuccessAndTooManyAFailure() async throws {
        let run = try await PipelineFixture().run([
            "list": ["step": "test.echo", "with": ["value": [], "other": [1, 2, 3]]],
            "none": ["step": "test.echo", "needs": ["list"], "foreach": "${tasks.list.outputs.value}"],
            "many": [
                "step": "test.echo", "needs": ["list"], "foreach": "${tasks.list.outputs.other}",
                "fan_out": ["limit": 2],
            ],
        ])
        #expect(run.task("none")?.state == .succeeded && run.task("none")?.instances == 0)
        #expect(run.task("many")?.error?.contains("fans out to 3 values; at most 2") == true)
        #expect(run.task("many.0") == nil)
    }

    @Test func aFailedPartFailsTheWholeAfterAllHaveEnded() async throws {
        let run = try await PipelineFixture().run([
            "a": ["step": "test.fail", "foreach": [0, 1, 0], "with": ["times": "${item}"]],
            "b": ["step": "test.echo", "needs": ["a"]],
        ])
        #expect(run.tasks.map(\.state) == [.failed, .succeeded, .failed, .succeeded, .skipped])
        #expect(run.task("a")?.error?.hasPrefix("1 of its runs failed") == true)
    }

    @Test func conditionsChooseBranches() async throws {
        let run = try await PipelineFixture().run(
            [
                "ask": ["step": "test.echo", "with": ["value": 5]],
                "more": ["step": "test.echo", "needs": ["ask"], "when": "${tasks.ask.outputs.value} > 3"],
                "less": ["step": "test.echo", "needs": ["ask"], "when": "not ${tasks.ask.outputs.value} > 3"],
                "beyond": ["step": "test.echo", "needs": ["less"]],
                "join": ["step": "test.echo", "needs": ["more", "less"]],
                "bad": ["step": "test.echo", "needs": ["ask"], "when": "${tasks.ask.outputs.value}"],
            ]
        )
        #expect(
            states(run) == [
                "ask": .succeeded, "more": .succeeded, "less": .skipped, "beyond": .skipped, "join": .succeeded,
                "bad": .failed,
            ]
        )
        #expect(run.task("bad")?.error == "'bad.when' must be true or false, but '${tasks.ask.outputs.value}' is 5.")
    }

    @Test func whatMustRunAnywayRunsAndHandlersKnowWhy() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply([
            "p": [
                "on_failure": ["step": "test.echo", "with": ["value": "${failure.task}: ${failure.error}"]],
                "tasks": [
                    "a": [
                        "step": "test.fail", "with": ["times": 9],
                        "on_failure": ["step": "test.echo", "with": ["value": "after ${failure.task}"]],
                    ],
                    "b": ["step": "test.echo", "needs": ["a"]],
                    "cleanup": ["step": "test.echo", "needs": ["b"], "when": "always()"],
                    "only": ["step": "test.echo", "needs": ["a"], "when": "failed(a)"],
                    "lenient": ["step": "test.fail", "with": ["times": 9], "on_failure": "continue"],
                    "after": ["step": "test.echo", "needs": ["lenient"]],
                ],
            ]
        ])
        let service = fixture.service()
        let run = try await serving(service) { try await service.waitForRun(try await service.startRun(pipeline: "p")) }
        #expect(run.state == .failed)
        #expect(
            states(run) == [
                "a": .failed, "a.on_failure": .succeeded, "b": .skipped, "cleanup": .succeeded, "only": .succeeded,
                "lenient": .failed, "after": .succeeded, "pipeline.on_failure": .succeeded,
            ]
        )
        #expect(run.task("a.on_failure")?.outputs["value"] == "after a")
        let text = run.task("pipeline.on_failure")?.outputs["value"]?.stringValue ?? ""
        #expect(text.hasPrefix("a: attempt 1 was told to fail") || text.hasPrefix("lenient: "))
    }

    @Test func aFailureThatMayBeDoesNotFailTheRun() async throws {
        let run = try await PipelineFixture().run([
            "a": ["step": "test.fail", "with": ["times": 9], "on_failure": "continue"],
            "b": ["step": "test.echo", "needs": ["a"]],
        ])
        #expect(run.state == .succeeded && run.task("b")?.state == .succeeded)
    }

    @Test func poolsBoundWhatRunsAcrossRuns() async throws {
        let fixture = try await PipelineFixture()
        let most = Mutex((now: 0, most: 0))
        let step = BuiltinStep(name: "test.count", summary: "", parameters: []) { _ in
            most.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
            for _ in 0..<20 { await Task.yield() }
            most.withLock { $0.now -= 1 }
            return [:]
        }
        let tasks: JSONValue = [
            "a": ["step": "test.count", "pool": "gpu", "foreach": [1, 2, 3, 4]],
            "b": ["step": "test.count", "pool": "gpu"],
        ]
        try await fixture.apply(
            ["p": ["pools": ["gpu": 1], "tasks": tasks], "q": ["pools": ["gpu": 1], "tasks": tasks]],
            steps: [step]
        )
        let service = fixture.service(steps: [step])
        try await serving(service) {
            let runs = [try await service.startRun(pipeline: "p"), try await service.startRun(pipeline: "q")]
            for run in runs { #expect(try await service.waitForRun(run).state == .succeeded) }
        }
        #expect(most.withLock { $0.most } == 1)
    }

    @Test func runsThatOverlapWaitAreSkippedOrReplaced() async throws {
        let fixture = try await PipelineFixture()
        let endless: JSONValue = ["a": ["step": "test.endless"]]
        try await fixture.apply([
            "queue": ["concurrency": 1, "tasks": endless],
            "skip": ["concurrency": ["limit": 1, "overlap": "skip"], "tasks": endless],
            "replace": ["concurrency": ["limit": 1, "overlap": "cancel_running"], "tasks": endless],
        ])
        let service = fixture.service()
        try await serving(service) {
            func running(_ id: String) async throws {
                while try await service.run(id).task("a")?.state != .running { await Task.yield() }
            }
            let first = try await service.startRun(pipeline: "queue")
            try await running(first)
            let second = try await service.startRun(pipeline: "queue")
            #expect(try await service.run(second).state == .queued)
            try await service.cancel(first)
            try await running(second)
            let kept = try await service.startRun(pipeline: "skip")
            try await running(kept)
            let skipped = try await service.startRun("skip", cause: .manual)
            #expect(skipped.state == .cancelled && skipped.error?.hasPrefix("Skipped") == true && skipped.tasks.isEmpty)
            let old = try await service.startRun(pipeline: "replace")
            try await running(old)
            let new = try await service.startRun(pipeline: "replace")
            #expect(try await service.waitForRun(old).state == .cancelled)
            try await running(new)
        }
    }

    @Test func aKeyGivesTheSameRunAndWhatIsWrittenWithItIsWrittenOnce() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply(["p": ["tasks": ["a": ["step": "test.echo"]]]])
        let service = fixture.service()
        let writes = Mutex(0)
        let cause = RunCause(kind: .schedule, trigger: "nightly", text: "nightly")
        for _ in 0..<2 {
            let run = try await service.startRun("p", cause: cause, idempotencyKey: "k", priority: 7) { _, _ in
                writes.withLock { $0 += 1 }
            }
            #expect(run.priority == 7 && run.cause == cause)
        }
        #expect(writes.withLock { $0 } == 1)
        #expect(
            await failure(.failedPrecondition, "no") {
                _ = try await service.startRun("p", cause: cause) { _, _ in
                    throw MartletError(.failedPrecondition, "no")
                }
            } == nil
        )
        #expect(try await service.runs().items.count == 1)
    }
}
