import Synchronization
import HTTPSupport
import Core
import Pipelines
import TestSupport
import Testing

/// Whole runs through the service.
@Suite(.overEveryDatabase)
struct PipelineServiceTests {
    @Test func aPipelineRunsAndPassesValuesOn() async throws {
        let fixture = try await PipelineFixture()
        let run = try await fixture.run([
            "one": ["step": "test.echo", "with": ["value": 7]],
            "two": [
                "script": "echo \"got $SEVEN\"; echo \"{\\\"value\\\": \\\"$SEVEN!\\\"}\" > \"$MARTLET_OUTPUTS\"",
                "needs": ["one"], "env": ["SEVEN": "${tasks.one.outputs.value}"],
            ],
            "three": [
                "step": "test.echo", "needs": ["two"],
                "with": ["value": "${tasks.one.outputs.value}", "other": "<${tasks.two.outputs.value}>"],
            ],
        ])
        #expect(run.state == .succeeded)
        #expect(run.error == nil)
        #expect(run.tasks.map(\.state) == [.succeeded, .succeeded, .succeeded])
        #expect(run.task("three")?.outputs == ["value": 7, "other": "<7!>", "from_two": "7!"])
        #expect(run.task("three")?.fraction == 1)
        #expect(try await fixture.log(run, "two") == ["got 7"])
        #expect(try await fixture.log(run, "one") == ["hello from one"])
        let states = fixture.changes.withLock {
            $0.filter { $0.task == "one" }.map { [$0.state.rawValue, $0.message ?? ""] }
        }
        #expect(states == [["running", ""], ["running", "half"], ["succeeded", ""]])
    }

    @Test func tasksThatNeedNothingOfEachOtherRunTogether() async throws {
        let fixture = try await PipelineFixture()
        // Each waits for the other's file, so neither ends unless both run.
        let meet = { (mine: String, other: String) -> JSONValue in
            [
                "script": .string("touch ../../\(mine); while [ ! -e ../../\(other) ]; do sleep 0.01; done"),
                "timeout": "20s",
            ]
        }
        let run = try await fixture.run(["a": meet("a.here", "b.here"), "b": meet("b.here", "a.here")])
        #expect(run.state == .succeeded)
    }

    @Test func aFailureStopsWhatFollowsAndIsExplained() async throws {
        let fixture = try await PipelineFixture()
        let run = try await fixture.run([
            "check": ["step": "test.fail", "with": ["times": 1]],
            "train": ["run": ["true"], "needs": ["check"]],
            "other": ["run": ["true"]],
        ])
        #expect(run.state == .failed)
        #expect(run.error == "The task 'check' failed: attempt 1 was told to fail")
        #expect(run.tasks.map(\.state) == [.failed, .skipped, .succeeded])
        #expect(run.task("train")?.error == "The task 'check' did not succeed.")
        #expect(try await fixture.log(run, "check") == ["attempt 1 was told to fail"])
    }

    @Test func retriesGoOnUntilOneSucceeds() async throws {
        let fixture = try await PipelineFixture()
        let run = try await fixture.run([
            "a": ["step": "test.fail", "with": ["times": 2], "retries": 2, "backoff": "1ms"]
        ])
        #expect(run.state == .succeeded)
        #expect(run.task("a")?.attempt == 3)
        #expect(run.task("a")?.outputs == ["attempt": 3])
        let lines = try await fixture.service().logs(run: run.id, task: "a")
        #expect(lines.map(\.attempt) == [1, 2])
        #expect(lines.map(\.position) == [1, 2])
    }

    @Test func aTimeoutEndsAStepAndACommand() async throws {
        let fixture = try await PipelineFixture()
        let run = try await fixture.run([
            "step": ["step": "test.endless", "timeout": "50ms"],
            "command": ["run": ["sleep", "600"], "timeout": "50ms"],
        ])
        #expect(run.state == .failed)
        #expect(run.tasks.map(\.state) == [.failed, .failed])
        #expect(run.task("command")?.error == "The task ran longer than its timeout of 0.05 s.")
    }

    @Test func aMissingOutputFailsTheTaskThatWantsIt() async throws {
        let fixture = try await PipelineFixture()
        let run = try await fixture.run([
            "a": ["run": ["true"]],
            "b": ["step": "test.echo", "needs": ["a"], "with": ["value": "${tasks.a.outputs.rows}"]],
        ])
        #expect(run.tasks.map(\.state) == [.succeeded, .failed])
        #expect(run.task("b")?.error?.contains("'rows' of the task 'a'") == true)
    }

    @Test func cancelEndsProcessesAndDropsTheRest() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply([
            "p": [
                "tasks": [
                    "a": ["script": "echo started; sleep 600"], "b": ["run": ["true"], "needs": ["a"]],
                    "c": ["step": "test.endless"],
                ]
            ]
        ])
        let service = fixture.service()
        let run = try await serving(service) {
            let id = try await service.startRun(pipeline: "p")
            while try await service.run(id).tasks.prefix(1).map(\.state) != [.running] {
                try? await Task.sleep(for: .milliseconds(1))
            }
            try await service.cancel(id)
            return try await service.waitForRun(id)
        }
        #expect(run.state == .cancelled)
        #expect(run.isCancelRequested)
        #expect(run.tasks.map(\.state) == [.cancelled, .cancelled, .cancelled])
        #expect(await failure(.failedPrecondition, "ended already") { try await service.cancel(run.id) } == nil)
        #expect(await failure(.notFound) { try await service.cancel("nobody") } == nil)
    }

    @Test func aQueuedRunIsCancelledAtOnce() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply(["p": ["tasks": ["a": ["run": ["true"]]]]])
        let service = fixture.service()
        let id = try await service.startRun(pipeline: "p")
        #expect(try await service.run(id).state == .queued)
        try await service.cancel(id)
        let run = try await service.waitForRun(id)
        #expect(run.state == .cancelled)
        #expect(run.tasks.map(\.state) == [.cancelled])
    }

    @Test func aKeyStartsOneRun() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply([
            "p": ["tasks": ["a": ["run": ["true"]]]], "q": ["tasks": ["a": ["run": ["true"]]]],
        ])
        let service = fixture.service()
        let first = try await service.startRun(pipeline: "p", key: "k")
        #expect(try await service.startRun(pipeline: "p", key: "k") == first)
        #expect(try await service.startRun(pipeline: "p", key: "l") != first)
        #expect(try await service.startRun(pipeline: "p") != first)
        #expect(try await service.runs().items.count == 3)
        #expect(
            await failure(.alreadyExists, "'p'") { _ = try await service.startRun(pipeline: "q", key: "k") } == nil
        )
        let longest = String(repeating: "k", count: PipelinesLimits.keyBytes)
        _ = try await service.startRun(pipeline: "p", key: longest)
        #expect(
            await failure(.invalidArgument) { _ = try await service.startRun(pipeline: "p", key: longest + "k") } == nil
        )
        #expect(await failure(.notFound, "'r'", "p, q") { _ = try await service.startRun(pipeline: "r") } == nil)
    }

    @Test func aRunKeepsThePipelineItStartedWith() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply(["p": ["tasks": ["a": ["step": "test.echo", "with": ["value": "old"]]]]])
        let service = fixture.service()
        let id = try await service.startRun(pipeline: "p")
        try await fixture.apply(["p": ["tasks": ["a": ["step": "test.echo", "with": ["value": "new"]]]]])
        let run = try await serving(service) { try await service.waitForRun(id) }
        #expect(run.task("a")?.outputs["value"] == "old")
        #expect(try await service.pipelines().first?.lastRun?.id == id)
    }

    @Test func waitingRunsAreBounded() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply(["p": ["tasks": ["a": ["run": ["true"]]]]])
        let service = fixture.service()
        for _ in 0..<PipelinesLimits.queuedRuns { _ = try await service.startRun(pipeline: "p") }
        #expect(await failure(.resourceExhausted) { _ = try await service.startRun(pipeline: "p") } == nil)
        var seen: Set<String> = []
        var token: String?
        repeat {
            let page = try await service.runs(pipeline: "p", limit: 300, pageToken: token)
            for run in page.items { #expect(seen.insert(run.id).inserted) }
            token = page.nextPageToken
        } while token != nil
        #expect(seen.count == PipelinesLimits.queuedRuns)
    }
}
