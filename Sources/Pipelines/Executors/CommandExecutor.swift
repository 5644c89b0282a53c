package import Core
import Foundation

/// Runs commands and scripts as processes: a session and directory of their own, nothing of the server's environment.
///
/// Every process of the attempt is gone when `execute` returns, also those that ignore SIGTERM or left the group.
package struct CommandExecutor: StepExecutor {
    private let trackingURI: @Sendable () -> String?
    private let searchPath: String
    private let grace: Duration
    private let sandbox: SandboxPolicy
    private let pass: @Sendable (String) -> TaskPass?

    /// An executor whose processes find the tracking server at `trackingURI`.
    ///
    /// - Parameters:
    ///   - trackingURI: `MLFLOW_TRACKING_URI` of every process, asked when one starts.
    ///   - searchPath: `PATH` of every process, also used to find the program.
    ///   - grace: How long a process may take to end after SIGTERM.
    ///   - sandbox: What processes may reach and use.
    ///   - pass: What lets a task's process call the server back, by the task's name.
    package init(
        trackingURI: @autoclosure @escaping @Sendable () -> String?,
        searchPath: String,
        grace: Duration = PipelinesLimits.terminationGrace,
        sandbox: SandboxPolicy = SandboxPolicy(),
        pass: @escaping @Sendable (String) -> TaskPass? = { _ in nil }
    ) {
        self.trackingURI = trackingURI
        self.searchPath = searchPath
        self.grace = grace
        self.sandbox = sandbox
        self.pass = pass
    }

    package func execute(
        _ job: StepJob,
        log: @escaping @Sendable (String, LogLine.Stream) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> JSONObject {
        try Task.checkCancellation()
        let words = try Self.words(of: job)
        let program = words.first ?? ""
        guard let path = ProgramSearch.find(program, searchPath: searchPath, directory: job.directory) else {
            throw MartletError(
                .failedPrecondition,
                "The program '\(program)' of the task '\(job.task)' was not found; install it or correct 'run'."
            )
        }
        let outputs = job.directory + "/outputs.json"
        let library = try PythonLibrary.prepare(below: Self.root(of: job))
        let inputs = try TaskInputs.write(job)
        let pass = pass(job.task)
        defer { pass?.withdraw() }
        let mask = mask(of: job, pass)
        // What a command with secrets wrote is masked in the record; the file as it wrote it is not kept.
        defer { if mask != nil { unlink(outputs) } }
        let tail = LastLine()
        let output = CommandOutput(mask: mask) { line, stream in
            tail.note(line, stream)
            log(line, stream)
        }
        let bounds = TaskBounds(job.resources.limits, directory: job.directory)
        let start = ProcessStart(
            program: path,
            words: words,
            environment: environment(of: job, outputs: outputs, inputs: inputs, library: library, pass: pass),
            directory: job.directory,
            sandbox: try confined(job, bounds.limits)
        )
        let result = try await run(start, bounds, job) { output.take($0, $1) }
        output.finish()
        try Task.checkCancellation()
        if let message = TaskEnd.message(result, limits: bounds.limits, lastLine: tail.description) {
            throw MartletError(.failedPrecondition, message)
        }
        return try CommandOutputs.read(outputs, task: job.task, mask: mask)
    }

    /// Runs the process to its end and notes what it used.
    private func run(
        _ start: ProcessStart,
        _ bounds: TaskBounds,
        _ job: StepJob,
        take: @escaping @Sendable (UnsafeRawBufferPointer, LogLine.Stream) -> Void
    ) async throws -> TaskProcess.Result {
        let watch = bounds.watch(start.sandbox, directory: job.directory, marker: job.marker)
        let process = TaskProcess(start, marker: job.marker, watch: watch, grace: grace, take: take)
        do {
            let result = try await process.run()
            let isolation = TaskBounds.isolation(start.sandbox, declared: job.resources.limits)
            job.meter.note(TaskUsage(metrics: result.metrics, isolation: isolation))
            // What was too much must not stay; all of it is the attempt's own.
            guard let breach = watch.lookAtDisk() else { return result }
            await AttemptDirectory.clear(job.directory)
            return TaskProcess.Result(ending: .breached(breach), metrics: result.metrics, ranOutOfMemory: false)
        } catch let failure as ProcessStartFailure {
            throw MartletError(.failedPrecondition, "The task '\(job.task)' could not be started (\(failure)).")
        }
    }

    /// What hides secrets in what the command writes; nil when it is given none.
    ///
    /// Short values of a pass are no secrets.
    private func mask(of job: StepJob, _ pass: TaskPass?) -> SecretMask? {
        let given = (pass?.environment.values).map(Array.init) ?? []
        let values = job.secrets.values + given.filter { $0.utf8.count >= PipelinesLimits.leastPassBytes }
        return values.isEmpty ? nil : SecretMask(values)
    }

    /// The sandbox of an attempt, whose directory is given to the user that it runs as.
    private func confined(_ job: StepJob, _ limits: ResourceLimits) throws -> Sandbox {
        if let user = sandbox.user, chown(job.directory, user.id, user.group) != 0 {
            throw MartletError(
                .failedPrecondition,
                "The task's directory cannot be given to the user '\(user.name)'; the server must run as root for that."
            )
        }
        if sandbox.user != nil {
            // That user must get through to it.
            for depth in 1...2 {
                let above = job.directory.split(separator: "/").dropLast(depth).joined(separator: "/")
                chmod("/" + above, 0o711)
            }
        }
        // What tasks of the same run left each other lies beside the attempt's directory.
        let run = job.directory.split(separator: "/").dropLast(2).joined(separator: "/")
        return try sandbox.task(
            name: job.marker,
            directory: job.directory,
            readable: ["/" + run, PythonLibrary.path(below: Self.root(of: job))],
            shared: [job.pipelineDirectory],
            limits: limits,
            isOffline: job.resources.isOffline
        )
    }

    /// The directory below which attempts have theirs, as `<root>/<run>/<task>/<attempt>`.
    static func root(of job: StepJob) -> String {
        "/" + job.directory.split(separator: "/").dropLast(3).joined(separator: "/")
    }

    private func environment(
        of job: StepJob,
        outputs: String,
        inputs: String?,
        library: String,
        pass: TaskPass?
    ) -> [String] {
        var variables: [String: String] = [
            "PATH": searchPath, "LANG": "C.UTF-8", "HOME": job.directory, "TMPDIR": job.directory,
            "PYTHONUNBUFFERED": "1",
        ]
        if let trackingURI = trackingURI() { variables["MLFLOW_TRACKING_URI"] = trackingURI }
        variables.merge(pass?.environment ?? [:]) { _, given in given }
        variables.merge(job.environment) { _, declared in declared }
        variables.merge(job.secrets) { _, secret in secret }
        variables["MARTLET_RUN_ID"] = job.runID
        variables["MARTLET_PIPELINE"] = job.pipeline
        variables["MARTLET_TASK"] = job.task
        variables["MARTLET_ATTEMPT"] = String(job.attempt)
        variables["MARTLET_PARAMETERS"] = JSONValue.object(job.parameters).description
        variables["MARTLET_PIPELINE_DIRECTORY"] = job.pipelineDirectory
        variables["MARTLET_OUTPUTS"] = outputs
        if let inputs { variables["MARTLET_INPUTS"] = inputs }
        variables["PYTHONPATH"] = variables["PYTHONPATH"].map { "\($0):\(library)" } ?? library
        variables[ProcessSweep.variable] = job.marker
        return variables.map { "\($0.key)=\($0.value)" }.sorted()
    }

    /// The words of the command; a script is written to the attempt's directory first.
    private static func words(of job: StepJob) throws -> [String] {
        switch job.action {
        case .command(let words) where !words.isEmpty: return words
        case .script(let text):
            let path = job.directory + "/script"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            guard text.hasPrefix("#!") else { return ["/bin/sh", "-eu", path] }
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            return [path]
        case .command, .step, .container:
            throw MartletError(.invalidArgument, "The task '\(job.task)' has no command to run.")
        }
    }
}
