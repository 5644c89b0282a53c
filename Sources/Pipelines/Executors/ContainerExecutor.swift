package import Core
import Foundation

/// Runs tasks in containers, through the command line of docker or podman.
///
/// The container gets the attempt's directory at `/martlet`, where it starts, and the pipeline's directory at its own path,
/// to read. It is removed when the attempt ends, and an attempt begins by removing what a killed server left of the last.
package struct ContainerExecutor: StepExecutor {
    private let command: CommandExecutor
    private let searchPath: String
    private let environment: [String: String]
    private let hasNetwork: Bool

    /// Where the attempt's directory lies in the container.
    static let directory = "/martlet"
    /// Where `martlet.py` lies in the container.
    static let library = "/martlet-library"
    private static let programs = ["docker", "podman"]
    /// What the command line itself needs to find its daemon, storage and credentials.
    private static let ownVariables = [
        "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT",
        "CONTAINER_HOST",
        "TMPDIR",
    ]
    /// What a task may be given beside what it declares.
    private static let passed = ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "MLFLOW_WORKSPACE"]

    /// An executor that finds docker or podman on a search path.
    ///
    /// - Parameters:
    ///   - trackingURI: where processes find the tracking server.
    ///   - searchPath: where the command line is looked for.
    ///   - environment: the environment of this process.
    ///   - grace: how long a container may take to end after SIGTERM.
    ///   - hasNetwork: whether tasks may use the network.
    ///   - pass: what lets a task's process call the server back.
    package init(
        trackingURI: @autoclosure @escaping @Sendable () -> String?,
        searchPath: String,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        grace: Duration = PipelinesLimits.terminationGrace,
        hasNetwork: Bool = true,
        pass: @escaping @Sendable (String) -> TaskPass? = { _ in nil }
    ) {
        // The container is the sandbox; its command line must reach its daemon and make namespaces.
        var policy = SandboxPolicy(report: .nothing)
        policy.hidden = nil
        command = CommandExecutor(
            trackingURI: trackingURI(),
            searchPath: searchPath,
            grace: grace,
            sandbox: policy,
            pass: pass
        )
        self.searchPath = searchPath
        self.environment = environment
        self.hasNetwork = hasNetwork
    }

    package func execute(
        _ job: StepJob,
        log: @escaping @Sendable (String, LogLine.Stream) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> JSONObject {
        guard case .container(let spec) = job.action else {
            throw MartletError(.invalidArgument, "The task '\(job.task)' has no container to run.")
        }
        guard let program = Self.programs.first(where: { find($0) != nil }) else {
            throw MartletError(
                .failedPrecondition,
                "The task '\(job.task)' runs in a container, but neither docker nor podman is on the server's PATH; install "
                    + "one (https://podman.io/docs/installation), or give the task 'run' in place of 'container'."
            )
        }
        let reserved = Set(Self.ownVariables + ["PATH"])
        if let name = job.secrets.keys.sorted().first(where: { reserved.contains($0) }) {
            throw MartletError(
                .invalidArgument,
                "A secret of a container cannot be called '\(name)'; choose another variable."
            )
        }
        let name = Self.name(of: job)
        await remove(name, program, job)
        do {
            let library = try PythonLibrary.prepare(below: CommandExecutor.root(of: job))
            let words = words(program, name, spec, library, job)
            let outputs = try await run(words, job, log: log, progress: progress)
            note(program, job)
            return outputs
        } catch {
            // A command line that was killed leaves its container.
            await remove(name, program, job)
            note(program, job)
            throw error
        }
    }

    private func find(_ program: String) -> String? {
        ProgramSearch.find(program, searchPath: searchPath, directory: "/")
    }

    /// The same for every attempt of a task, so that two cannot run at once.
    static func name(of job: StepJob) -> String {
        let task = job.task.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") ? $0 : "_" }
        return "martlet-\(job.runID)-\(String(task))"
    }

    private func words(
        _ program: String,
        _ name: String,
        _ spec: ContainerSpec,
        _ library: String,
        _ job: StepJob
    ) -> [String] {
        var words = [program, "run", "--rm", "--name", name, "--init"]
        words += ["--volume", "\(job.directory):\(Self.directory)", "--workdir", Self.directory]
        words += ["--volume", "\(job.pipelineDirectory):\(job.pipelineDirectory):ro"]
        words += ["--volume", "\(library):\(Self.library):ro", "--env", "PYTHONPATH=\(Self.library)"]
        words += ["--security-opt", "no-new-privileges"]
        // The same reach as other tasks have: the tracking server may listen on this machine alone.
        words += ["--network", hasNetwork && !job.resources.isOffline ? "host" : "none"]
        if program == "docker" {
            words += ["--user", "\(geteuid()):\(getegid())"]
        } else if geteuid() != 0 {
            words.append("--userns=keep-id")
        }
        let limits = job.resources.limits
        if let bytes = limits.memoryBytes { words += ["--memory", String(bytes)] }
        if let processors = limits.processors { words += ["--cpus", String(processors)] }
        words += ["--pids-limit", String(limits.processes ?? PipelinesLimits.defaultProcesses)]
        if let files = limits.openFiles { words += ["--ulimit", "nofile=\(files)"] }
        if let time = limits.processorTime { words += ["--ulimit", "cpu=\(time.components.seconds)"] }
        // By name alone: the command line takes the values from its environment, where no list of processes shows them.
        for variable in Self.passed + job.secrets.keys.sorted() { words += ["--env", variable] }
        for variable in ["RUN_ID", "PIPELINE", "TASK", "ATTEMPT", "PARAMETERS", "PIPELINE_DIRECTORY"] {
            words += ["--env", "MARTLET_\(variable)"]
        }
        words += ["--env", "MARTLET_OUTPUTS=\(Self.directory)/outputs.json", "--env", "PYTHONUNBUFFERED=1"]
        words += ["--env", "MARTLET_INPUTS=\(Self.directory)/inputs.json"]
        words += ["--env", "HOME=\(Self.directory)", "--env", "TMPDIR=\(Self.directory)"]
        for (variable, value) in job.environment.sorted(by: { $0.key < $1.key }) {
            words += ["--env", "\(variable)=\(value)"]
        }
        if let entry = spec.command.first { words += ["--entrypoint", entry] }
        return words + [spec.image] + spec.command.dropFirst() + spec.arguments
    }

    /// Runs the command line as a task of its own, limited to what the directory may hold.
    private func run(
        _ words: [String],
        _ job: StepJob,
        log: @escaping @Sendable (String, LogLine.Stream) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> JSONObject {
        var resources = TaskResources()
        resources.limits.diskBytes = job.resources.limits.diskBytes
        var own = environment.filter { Self.ownVariables.contains($0.key) }
        // As `env` may be empty in a service without a home.
        own["HOME"] = own["HOME"] ?? NSHomeDirectory()
        var inner = StepJob(
            runID: job.runID,
            pipeline: job.pipeline,
            task: job.task,
            attempt: job.attempt,
            action: .command(words),
            environment: own,
            resources: resources,
            parameters: job.parameters,
            upstream: job.upstream,
            directory: job.directory,
            pipelineDirectory: job.pipelineDirectory,
            marker: job.marker
        )
        inner.secrets = job.secrets
        inner.item = job.item
        defer { if let reading = inner.meter.reading { job.meter.note(reading) } }
        return try await command.execute(inner, log: log, progress: progress)
    }

    /// Removes a container, if there is one; what it says is of no interest.
    private func remove(_ name: String, _ program: String, _ job: StepJob) async {
        guard let path = find(program) else { return }
        var own = environment.filter { Self.ownVariables.contains($0.key) }
        own["PATH"] = searchPath
        let start = ProcessStart(
            program: path,
            words: [program, "rm", "--force", name],
            environment: own.map { "\($0.key)=\($0.value)" },
            directory: job.directory,
            sandbox: Sandbox()
        )
        let watch = TaskWatch(
            directory: job.directory,
            marker: job.marker,
            group: nil,
            disk: .max,
            memory: nil,
            processes: nil
        )
        let process = TaskProcess(start, marker: Identifier.random(), watch: watch, grace: .zero) { _, _ in }
        _ = await process.runUncancelled()
    }

    /// The numbers of the command line are not those of the container.
    private func note(_ program: String, _ job: StepJob) {
        guard let reading = job.meter.reading else { return }
        let limits = job.resources.limits
        let held = [limits.memoryBytes.map { _ in "memory" }, limits.processors.map { _ in "cpus" }, "processes"]
        job.meter.note(
            TaskUsage(
                metrics: TaskMetrics(wallSeconds: reading.metrics.wallSeconds),
                isolation: "container (\(program)): \(held.compactMap { $0 }.joined(separator: ", ")); watch: disk"
            )
        )
    }
}
