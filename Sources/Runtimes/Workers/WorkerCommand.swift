import Core

/// How a worker's process is started.
struct WorkerCommand: Sendable {
    /// The interpreter's absolute path.
    let interpreter: String
    /// The path of `martlet_worker.py`.
    let script: String
    /// The directory that belongs to the model's workers, which is their home and working directory.
    let directory: String
    /// The model's directory.
    let model: String
    /// What a process gives up.
    let sandbox: Sandbox
    /// Variables beside those that every worker has.
    let variables: [String: String]

    /// The words of the command.
    ///
    /// `-I` keeps the interpreter from looking into the working directory and the home.
    var words: [String] { [interpreter, "-I", "-B", "-u", "-X", "utf8", script] }

    /// The whole environment: nothing of the server's own is in it.
    var environment: [String] {
        let folder = interpreter.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        var all = [
            "PATH": folder.joined(separator: "/") + ":/usr/local/bin:/usr/bin:/bin", "HOME": directory,
            "TMPDIR": directory, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
            "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_DISABLE_SCHEMA_DETAILS": "true",
            // An arena per thread would count against the limit of the address space without being used.
            "MALLOC_ARENA_MAX": "2",
        ]
        all.merge(variables) { _, declared in declared }
        return all.map { "\($0.key)=\($0.value)" }.sorted()
    }

    /// How a process of it is started.
    var start: ProcessStart {
        ProcessStart(
            program: interpreter,
            words: words,
            environment: environment,
            directory: directory,
            sandbox: sandbox
        )
    }
}
