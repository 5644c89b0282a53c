import Artifacts
import Core
import Foundation
import Logging
import Pipelines
import Storage
import Synchronization
import TestSupport

/// A service over a database and a work directory, both gone with the fixture.
final class PipelineFixture: Sendable {
    let database: Database
    let store: PipelineStore
    let directory: String
    let changes = Mutex<[TaskChange]>([])
    let clock: Clock

    /// Makes the fixture, with its database in memory or in a file as a server has it.
    init(clock: Clock = .system, onDisk: Bool = false) async throws {
        self.clock = clock
        directory = FileManager.default.temporaryDirectory.path + "/martlet-pipelines-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        database =
            try await onDisk && TestDatabase.current == .sqlite
            ? Database.open(path: directory + "/martlet.db") : TestDatabase.current.open()
        try await database.migrate(PipelineStore.migrations)
        store = PipelineStore(database: database, clock: clock)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// A new service, as a new process would have.
    func service(
        steps: [BuiltinStep] = TestSteps.all,
        parallel: Int = 4,
        isExclusive: Bool = true
    ) -> PipelineService {
        PipelineService(
            store: store,
            steps: steps,
            configuration: PipelineConfiguration(
                workDirectory: directory + "/tasks",
                trackingURI: "http://127.0.0.1:5000",
                searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
                isExclusive: isExclusive,
                parallelTasks: parallel
            ),
            clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onTaskChange: { change in self.changes.withLock { $0.append(change) } }
        )
    }

    /// A service that keeps artifacts in a directory.
    func serviceWithArtifacts() throws -> PipelineService {
        var configuration = PipelineConfiguration(workDirectory: directory + "/tasks")
        configuration.artifacts = try DiskArtifactStore(root: directory + "/artifacts")
        return PipelineService(
            store: store,
            steps: TestSteps.all,
            configuration: configuration,
            clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func apply(_ section: JSONValue, steps: [BuiltinStep] = TestSteps.all) async throws {
        try await store.apply(try PipelineSpec.parseSection(section, steps: steps), directory: directory)
    }

    /// Declares one pipeline `p` with these tasks, runs it to its end in a service of its own, and returns the run.
    func run(_ tasks: JSONValue, parameters: JSONObject = [:], steps: [BuiltinStep] = TestSteps.all) async throws
        -> PipelineRun
    {
        try await apply(["p": ["tasks": tasks]], steps: steps)
        let service = service(steps: steps)
        return try await serving(service) {
            try await service.waitForRun(try await service.startRun(pipeline: "p", parameters: parameters))
        }
    }

    func log(_ run: PipelineRun, _ task: String) async throws -> [String] {
        try await service().logs(run: run.id, task: task).map(\.text)
    }
}

/// Runs `body` while the service works, then stops it as a server that drains does.
func serving<T: Sendable>(_ service: PipelineService, _ body: @Sendable () async throws -> T) async throws -> T {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        let result = try await body()
        group.cancelAll()
        return result
    }
}

/// Built-in steps that the tests run.
enum TestSteps {
    static let all = [echo, fail, endless]

    /// Returns its parameters, and what it was given by the tasks before.
    static let echo = BuiltinStep(
        name: "test.echo",
        summary: "Echoes.",
        parameters: [StepParameter("value", "Any value."), StepParameter("other", "Another.")]
    ) { context in
        context.log("hello from \(context.task)")
        context.progress(0.5, "half")
        var outputs = context.parameters
        for (task, values) in context.upstream { outputs["from_\(task)"] = values["value"] ?? .null }
        return outputs
    }

    /// Fails on its first attempts.
    static let fail = BuiltinStep(
        name: "test.fail",
        summary: "Fails.",
        parameters: [StepParameter("times", "How many attempts fail.", isRequired: true)]
    ) { context in
        let times = try JSONFields(context.parameters).int("times")
        if Int64(context.attempt) <= times {
            throw MartletError(.failedPrecondition, "attempt \(context.attempt) was told to fail")
        }
        return ["attempt": .int(context.attempt)]
    }

    /// Runs until it is cancelled.
    static let endless = BuiltinStep(name: "test.endless", summary: "Runs on.", parameters: []) { context in
        context.log("running")
        let (stream, _) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        try Task.checkCancellation()
        return [:]
    }
}

/// Whether `body` throws a `MartletError` with this code whose message holds all of `texts`; what it did otherwise.
func failure(
    _ code: MartletError.Code,
    _ texts: String...,
    from body: () async throws -> Void
) async -> String? {
    do {
        try await body()
        return "nothing was thrown"
    } catch let error as MartletError {
        let missing = texts.filter { !error.message.contains($0) }
        return error.code == code && missing.isEmpty ? nil : "\(error)"
    } catch {
        return "\(error)"
    }
}
