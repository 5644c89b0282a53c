/// What tasks and workers are allowed, by the settings and by what this machine can apply.
package struct SandboxPolicy: Sendable, Equatable {
    /// What can be applied.
    package var report: SandboxReport
    /// Whether tasks may use the network.
    package var tasksHaveNetwork = true
    /// Whether workers may use the network.
    package var workersHaveNetwork = true
    /// The user that tasks become; nil for the server's.
    package var user: SandboxUser?
    /// Files and directories that tasks and workers may not read; nil restricts no files.
    package var hidden: [String]?
    /// Directories that tasks may write to, beside their own.
    package var writable: [String] = []
    /// What workers may read although it is hidden.
    package var readableByWorkers: [String] = []

    /// A policy without settings: no file is hidden, and the network is open.
    package init(report: SandboxReport = .here) {
        self.report = report
    }

    /// The sandbox of a task.
    ///
    /// - Parameters:
    ///   - name: of its control group, unique on this machine.
    ///   - directory: the attempt's own.
    ///   - readable: what it may read although it is hidden.
    ///   - shared: directories that it may read, list and write to, but for what is hidden in them; none that is hidden
    ///     itself.
    ///   - limits: what it may use.
    ///   - isOffline: whether it gave up the network itself.
    /// - Returns: what it gives up.
    /// - Throws: `unavailable` if the network is to be closed and cannot be, or a control group cannot be made.
    package func task(
        name: String,
        directory: String,
        readable: [String],
        shared: [String],
        limits: ResourceLimits,
        isOffline: Bool
    ) throws(MartletError) -> Sandbox {
        var sandbox = confined(hasNetwork: tasksHaveNetwork && !isOffline)
        if isOffline, !report.closesNetworks {
            throw MartletError(
                .unavailable,
                "The task says 'network: off', but this machine cannot close the network to it; see docs/sandbox.md."
            )
        }
        sandbox.limits = limits
        sandbox.user = user
        if user != nil { sandbox.dropsCapabilities = false }
        if let hidden, report.fileRules > 0 {
            let shared = shared.filter { FileAccess.isOutside($0, hidden) }
            sandbox.files = FileAccess(
                hidden: hidden,
                readable: readable,
                writable: [directory] + shared + writable.filter { FileAccess.isOutside($0, hidden) },
                listable: shared
            )
        }
        sandbox.controlGroup = try report.controlGroups?.make(name: name, limits)
        return sandbox
    }

    /// The sandbox of a model's worker.
    ///
    /// - Parameters:
    ///   - directory: the workers' own.
    ///   - readable: what it may read although it is hidden, such as the model.
    ///   - memoryBytes: the most address space; nil for no limit.
    /// - Returns: what it gives up.
    package func worker(directory: String, readable: [String], memoryBytes: Int?) -> Sandbox {
        var sandbox = confined(hasNetwork: workersHaveNetwork)
        sandbox.limits.memoryBytes = memoryBytes
        if let hidden, report.fileRules > 0 {
            sandbox.files = FileAccess(
                hidden: hidden,
                readable: readable + readableByWorkers,
                writable: [directory]
            )
        }
        return sandbox
    }

    private func confined(hasNetwork: Bool) -> Sandbox {
        var sandbox = Sandbox()
        sandbox.refusesCalls = report.refusesCalls
        sandbox.dropsCapabilities = report.isSuperuser && report.dropsCapabilities
        sandbox.endsWithParent = true
        if !hasNetwork {
            sandbox.hasOwnNetwork = report.ownNetworks
            sandbox.refusesSockets = report.refusesCalls
        }
        return sandbox
    }

    /// The policy and the report as the API shows them.
    package var json: JSONValue {
        [
            "tasks": ["network": .bool(tasksHaveNetwork), "user": .optional(user?.name)],
            "workers": ["network": .bool(workersHaveNetwork)],
            "restricts_files": .bool(hidden != nil && report.fileRules > 0),
            "parts": .array(report.parts.map(\.json)),
        ]
    }

    /// What is wished for and does not hold, a sentence each, for the log at the start.
    package var notices: [String] {
        var notices = report.parts.filter { !$0.holds && ($0.name != "user" || user == nil) }.map(\.detail)
        if hidden == nil {
            notices.append("Files are open to tasks and workers as to the server's user (--sandbox-files off).")
        }
        return notices
    }
}
