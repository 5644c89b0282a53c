package import Artifacts
package import Core
import Foundation

/// How a server runs pipelines.
package struct PipelineConfiguration: Sendable {
    /// The directory below which every attempt gets one of its own.
    package var workDirectory: String
    /// `MLFLOW_TRACKING_URI` of commands, asked when one starts: a server may learn its port late.
    package var trackingURI: @Sendable () -> String?
    /// `PATH` of commands.
    package var searchPath: String
    /// Whether no other server can use this database, so that runs left by an earlier process are taken up at once
    /// instead of when their lease has run out.
    package var isExclusive: Bool
    /// Most tasks of one run that run at the same time.
    package var parallelTasks: Int
    /// Most runs under way at the same time.
    package var activeRuns: Int
    /// Most tasks of all runs together, asked whenever a run is taken up; nil for no further bound.
    package var concurrentTasks: @Sendable () -> Int? = { nil }

    /// The values of secrets by name, for the tasks that ask for them; throws naming those that are missing.
    package var secrets: @Sendable ([String]) async throws -> [String: String] = { names in
        throw MartletError(
            .failedPrecondition,
            "This server keeps no secrets, but the task asks for \(names.sorted().joined(separator: ", "))."
        )
    }
    /// What lets a task's command call the server back, asked with the task's name when an attempt starts.
    package var pass: @Sendable (_ task: String) -> TaskPass? = { _ in nil }
    /// Where the artifacts of tasks are kept; nil for nowhere.
    package var artifacts: (any ArtifactStore)?
    /// Who runs whole pipelines elsewhere, by the name under `executor`.
    package var delegates: [String: any RunDelegate] = [:]
    /// Told what an attempt used, after it is recorded; must not block.
    package var usage: @Sendable (_ usage: TaskUsage, _ pipeline: String, _ task: String) -> Void = { _, _, _ in }
    /// What runs the tasks of a queue; nil where there are no workers.
    package var queueExecutor: (@Sendable (_ queue: String) -> any StepExecutor)?
    /// What runs containers; nil where there is nothing that does.
    package var containerExecutor: (any StepExecutor)?
    /// What commands may reach and use.
    package var sandbox = SandboxPolicy()

    private static let standardSearchPath = "/usr/local/bin:/usr/bin:/bin"

    /// A configuration.
    ///
    /// Without a `searchPath` commands get the `PATH` that the server was started with.
    package init(
        workDirectory: String,
        trackingURI: @autoclosure @escaping @Sendable () -> String? = nil,
        searchPath: String? = nil,
        isExclusive: Bool = true,
        parallelTasks: Int = PipelinesLimits.parallelTasks,
        activeRuns: Int = PipelinesLimits.activeRuns
    ) {
        // Tasks run in directories of their own, where a relative path would mean something else.
        self.workDirectory = URL(fileURLWithPath: workDirectory).standardizedFileURL.path
        self.trackingURI = trackingURI
        self.searchPath = searchPath ?? ProcessInfo.processInfo.environment["PATH"] ?? Self.standardSearchPath
        self.isExclusive = isExclusive
        self.parallelTasks = parallelTasks
        self.activeRuns = activeRuns
    }

    /// Most tasks of a run and most runs at the same time, so that all tasks together keep within `concurrentTasks`.
    var bounds: (tasks: Int, runs: Int) {
        guard let most = concurrentTasks() else { return (parallelTasks, activeRuns) }
        let tasks = Swift.max(1, Swift.min(parallelTasks, most))
        return (tasks, Swift.max(1, Swift.min(activeRuns, most / tasks)))
    }
}
