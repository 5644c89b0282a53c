import Core
import Foundation
import Pipelines
import Synchronization
import TestSupport
import Testing

/// What every executor must do, run over both: outputs, failures, logs, cancellation.
struct StepExecutorContract {
    /// An executor with the same four behaviours expressed in its own kind of action.
    struct Subject: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let executor: any StepExecutor
        let succeed: TaskAction
        let fail: TaskAction
        let talk: TaskAction
        let endless: TaskAction
    }

    private static let steps: [BuiltinStep] = [
        BuiltinStep(name: "ok", summary: "", parameters: []) { _ in ["rows": 3] },
        BuiltinStep(name: "fail", summary: "", parameters: []) { _ in
            throw MartletError(.failedPrecondition, "out of luck")
        },
        BuiltinStep(name: "talk", summary: "", parameters: []) { context in
            for number in 1...3 { context.log("line \(number)") }
            return [:]
        },
        TestSteps.endless,
    ]

    static let subjects: [Subject] = [
        Subject(
            testDescription: "built-in",
            executor: BuiltinStepExecutor(steps: steps, clock: .system),
            succeed: .step(name: "ok", with: [:]),
            fail: .step(name: "fail", with: [:]),
            talk: .step(name: "talk", with: [:]),
            endless: .step(name: "test.endless", with: [:])
        ),
        Subject(
            testDescription: "command",
            executor: CommandExecutor(trackingURI: nil, searchPath: "/usr/bin:/bin", grace: .milliseconds(100)),
            succeed: .script("echo '{\"rows\": 3}' > \"$MARTLET_OUTPUTS\""),
            fail: .script("echo out of luck >&2; exit 3"),
            talk: .script("for n in 1 2 3; do echo line $n; done"),
            endless: .script("trap '' TERM; echo running; while true; do sleep 0.05; done")
        ),
    ]

    static func job(_ action: TaskAction, in directory: TemporaryDirectory, environment: [String: String] = [:])
        -> StepJob
    {
        StepJob(
            runID: "r",
            pipeline: "p",
            task: "t",
            attempt: 1,
            action: action,
            environment: environment,
            parameters: ["x": 1],
            directory: directory.path,
            pipelineDirectory: "/somewhere",
            marker: Identifier.random()
        )
    }

    private func execute(
        _ executor: any StepExecutor,
        _ action: TaskAction,
        in directory: TemporaryDirectory
    ) async throws -> (outputs: JSONObject, lines: [String]) {
        let lines = Lines()
        let outputs = try await executor.execute(
            Self.job(action, in: directory),
            log: { line, _ in lines.append(line) },
            progress: { _, _ in }
        )
        return (outputs, lines.all)
    }

    @Test(arguments: subjects) func givesOutputs(subject: Subject) async throws {
        let directory = try TemporaryDirectory()
        #expect(try await execute(subject.executor, subject.succeed, in: directory).outputs == ["rows": 3])
    }

    @Test(arguments: subjects) func failsWithAMessage(subject: Subject) async throws {
        let directory = try TemporaryDirectory()
        #expect(
            await failure(.failedPrecondition, "out of luck") {
                _ = try await execute(subject.executor, subject.fail, in: directory)
            } == nil
        )
    }

    @Test(arguments: subjects) func logsLinesInOrder(subject: Subject) async throws {
        let directory = try TemporaryDirectory()
        let lines = try await execute(subject.executor, subject.talk, in: directory).lines
        #expect(lines == ["line 1", "line 2", "line 3"])
    }

    @Test(arguments: subjects) func endsWhenItIsCancelled(subject: Subject) async throws {
        let directory = try TemporaryDirectory()
        let (started, signal) = AsyncStream<Void>.makeStream()
        let ended = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    _ = try await subject.executor.execute(
                        Self.job(subject.endless, in: directory),
                        log: { _, _ in signal.yield() },
                        progress: { _, _ in }
                    )
                    return false
                } catch {
                    return true
                }
            }
            for await _ in started { break }
            group.cancelAll()
            return await group.next() ?? false
        }
        #expect(ended)
    }

    @Test(arguments: subjects) func refusesActionsOfAnotherKind(subject: Subject) async throws {
        let directory = try TemporaryDirectory()
        let other = try #require(Self.subjects.first { $0.testDescription != subject.testDescription })
        await #expect(throws: MartletError.self) {
            _ = try await execute(subject.executor, other.succeed, in: directory)
        }
    }
}

/// Lines from any thread.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func append(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}

/// A directory that goes with the value.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/martlet-task-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
