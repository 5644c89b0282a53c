package import Core
import Foundation
import Subprocess
import SystemPackage

/// Runs commands and scripts as processes: a session and directory of their own, nothing of the server's environment.
///
/// Every process of the attempt is gone when `execute` returns, also those that ignore SIGTERM or left the group.
package struct CommandExecutor: StepExecutor {
    private let trackingURI: @Sendable () -> String?
    private let searchPath: String
    private let grace: Duration

    /// An executor whose processes find the tracking server at `trackingURI`.
    ///
    /// - Parameters:
    ///   - trackingURI: `MLFLOW_TRACKING_URI` of every process, asked when one starts.
    ///   - searchPath: `PATH` of every process, also used to find the program.
    ///   - grace: How long a process may take to end after SIGTERM.
    package init(
        trackingURI: @autoclosure @escaping @Sendable () -> String?,
        searchPath: String,
        grace: Duration = PipelinesLimits.terminationGrace
    ) {
        self.trackingURI = trackingURI
        self.searchPath = searchPath
        self.grace = grace
    }

    package func execute(
        _ job: StepJob,
        log: @escaping @Sendable (String, LogLine.Stream) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> JSONObject {
        try Task.checkCancellation()
        let words = try Self.words(of: job)
        let outputs = job.directory + "/outputs.json"
        let tail = LastLine()
        let status: TerminationStatus
        do {
            status = try await run(words, job: job, outputs: outputs) { line, stream in
                tail.note(line, stream)
                log(line, stream)
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw MartletError(
                .failedPrecondition,
                "The program '\(words.first ?? "")' of the task '\(job.task)' was not found; install it or correct 'run'.",
                cause: error
            )
        }
        try Task.checkCancellation()
        switch status {
        case .exited(0): return try Self.readOutputs(outputs, task: job.task)
        case .exited(let code):
            throw MartletError(.failedPrecondition, "The command ended with status \(code)\(tail.description)")
        case .signaled(let signal):
            throw MartletError(.failedPrecondition, "The command was ended by signal \(signal)\(tail.description)")
        }
    }

    private func run(
        _ words: [String],
        job: StepJob,
        outputs: String,
        log: @escaping @Sendable (String, LogLine.Stream) -> Void
    ) async throws -> TerminationStatus {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: grace)
        ]
        let program = words[0].contains("/") ? Executable.path(FilePath(words[0])) : .name(words[0])
        defer { ProcessSweep.kill(marker: job.marker) }
        let result = try await Subprocess.run(
            program,
            arguments: Arguments(Array(words.dropFirst())),
            environment: .custom(environment(of: job, outputs: outputs)),
            workingDirectory: FilePath(job.directory),
            platformOptions: options,
            input: .none,
            output: .sequence,
            error: .sequence
        ) { execution in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Self.copy(execution.standardOutput, to: log, as: .output) }
                group.addTask { try await Self.copy(execution.standardError, to: log, as: .error) }
                try await group.waitForAll()
            }
        }
        // What the leader left running in its group. The number cannot have passed to another group while any of
        // these lives; when none does, there is nothing to signal.
        ProcessSweep.killGroup(result.processIdentifier.value)
        return result.terminationStatus
    }

    private static func copy(
        _ output: SubprocessOutputSequence,
        to log: @Sendable (String, LogLine.Stream) -> Void,
        as stream: LogLine.Stream
    ) async throws {
        var splitter = LineSplitter()
        for try await buffer in output {
            for line in buffer.withUnsafeBytes({ splitter.take($0) }) { log(line, stream) }
        }
        if let line = splitter.finish() { log(line, stream) }
    }

    private func environment(of job: StepJob, outputs: String) -> [Environment.Key: String] {
        var variables: [String: String] = [
            "PATH": searchPath, "LANG": "C.UTF-8", "HOME": job.directory, "TMPDIR": job.directory,
            "PYTHONUNBUFFERED": "1",
        ]
        if let trackingURI = trackingURI() { variables["MLFLOW_TRACKING_URI"] = trackingURI }
        variables.merge(job.environment) { _, declared in declared }
        variables["MARTLET_RUN_ID"] = job.runID
        variables["MARTLET_PIPELINE"] = job.pipeline
        variables["MARTLET_TASK"] = job.task
        variables["MARTLET_ATTEMPT"] = String(job.attempt)
        variables["MARTLET_PARAMETERS"] = JSONValue.object(job.parameters).description
        variables["MARTLET_PIPELINE_DIRECTORY"] = job.pipelineDirectory
        variables["MARTLET_OUTPUTS"] = outputs
        variables[ProcessSweep.variable] = job.marker
        var environment: [Environment.Key: String] = [:]
        for (name, value) in variables { environment[Environment.Key(stringLiteral: name)] = value }
        return environment
    }

    /// The words of the command; a script is written to the attempt's directory first.
    private static func words(of job: StepJob) throws -> [String] {
        switch job.action {
        case .command(let words) where !words.isEmpty: return words
        case .script(let text):
            let path = job.directory + "/script"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            guard text.hasPrefix("#!") else { return ["/bin/sh", "-eu", path] }
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
            return [path]
        case .command, .step:
            throw MartletError(.invalidArgument, "The task '\(job.task)' has no command to run.")
        }
    }

    /// The JSON object that the command wrote to `MARTLET_OUTPUTS`; none when it wrote nothing.
    private static func readOutputs(_ path: String, task: String) throws -> JSONObject {
        guard let handle = FileHandle(forReadingAtPath: path) else { return [:] }
        defer { try? handle.close() }
        let data = try handle.read(upToCount: PipelinesLimits.outputBytes + 1) ?? Data()
        guard data.count <= PipelinesLimits.outputBytes else {
            throw MartletError(
                .failedPrecondition,
                "The outputs of the task '\(task)' are larger than \(PipelinesLimits.outputBytes) bytes; put them in a file or an artifact."
            )
        }
        do {
            return try JSONFields(try JSONValue.parse([UInt8](data)), path: "outputs").object
        } catch {
            throw MartletError(
                .failedPrecondition,
                "The outputs of the task '\(task)' are no JSON object: \(error.message)",
                cause: error
            )
        }
    }
}
