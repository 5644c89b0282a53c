package import Core

/// How models are run, from a deployment's settings.
package struct RuntimeSettings: Sendable, Equatable {
    /// Threads for one call of a library; more than 1 pays only for large models or many rows.
    package var threads = 1
    /// How Python workers are run.
    package var python = PythonSettings()

    /// The defaults.
    package init() {}
}

/// How the workers of `python_function` models are run.
package struct PythonSettings: Sendable, Equatable {
    /// The interpreter, a name on the path or an absolute path; nil for the model's own environment if one was
    /// prepared, else `python3`.
    package var interpreter: String?
    /// Where `martlet model env` keeps the environments it prepared; nil for none.
    package var environments: String?
    /// Where the workers' own directories are made; nil for the system's temporary directory.
    package var scratch: String?
    /// What workers may reach; by default files of their user and the network.
    package var sandbox = SandboxPolicy()
    /// Processes for one model.
    package var workers = 1
    /// The most memory of one process, in bytes; nil for no limit.
    package var memoryBytes: Int?
    /// How long one call may take.
    package var timeout: Duration = .seconds(60)
    /// How long a worker may take to load its model.
    package var startTimeout: Duration = .seconds(120)
    /// Environment variables of the processes beside the few that every one has; nothing of the server's own is there.
    package var variables: [String: String] = [:]

    /// The defaults.
    package init() {}
}
