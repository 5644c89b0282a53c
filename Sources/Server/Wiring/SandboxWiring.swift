import Core
import Foundation
import HTTPSupport
import Logging

/// What tasks and workers of a workspace may reach.
enum SandboxWiring {
    /// Places in the home of the server's user where credentials lie.
    private static let credentials = [
        ".ssh", ".aws", ".azure", ".kube", ".docker", ".gnupg", ".netrc", ".pgpass", ".git-credentials",
        ".config/gcloud",
    ]

    /// The policy of a workspace's house.
    static func policy(_ settings: ServerSettings) -> SandboxPolicy {
        var policy = SandboxPolicy()
        let sandbox = settings.sandbox
        policy.tasksHaveNetwork = sandbox.tasksHaveNetwork
        policy.workersHaveNetwork = sandbox.workersHaveNetwork
        policy.user = sandbox.user
        guard sandbox.closesFiles else { return policy }
        let home = NSHomeDirectory()
        policy.hidden =
            protected(settings) + sandbox.protected + sandbox.hidden.map(absolute)
            + (home == "/" ? [] : credentials.map { "\(home)/\($0)" })
        policy.writable = [NSTemporaryDirectory(), "/tmp", "/var/tmp"] + sandbox.writable.map(absolute)
        return policy
    }

    /// What no task may read: the data of all workspaces, wherever it lies.
    static func protected(_ settings: ServerSettings) -> [String] {
        var paths = [absolute(root(settings))]
        if settings.postgresURL == nil {
            paths += ["", "-wal", "-shm"].map { absolute(settings.databasePath) + $0 }
        }
        if let artifacts = settings.artifacts, !artifacts.contains("://") {
            let path = absolute(artifacts)
            paths += [path, path + "-workspaces"]
        }
        if let key = settings.binding.key { paths.append(absolute(key)) }
        return paths
    }

    /// Where the attempts of tasks have their directories: a user of their own cannot enter the server's data.
    static func workDirectory(_ settings: ServerSettings, _ standard: String) throws(MartletError) -> String {
        guard settings.sandbox.user != nil else { return standard }
        let path = "\(absolute(root(settings)))-tasks/\(settings.workspace)"
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for place in [path, String(path.dropLast(settings.workspace.count + 1))] {
                try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: place)
            }
        } catch {
            throw MartletError(
                .unavailable,
                "The directory of tasks beside the data directory cannot be made.",
                cause: error
            )
        }
        return path
    }

    /// Closes the server's own memory and environment to its user's other processes, and says what of the sandbox does not
    /// hold on this machine.
    static func begin(_ settings: ServerSettings, logger: Logger) {
        ProcessShield.raise()
        for notice in policy(settings).notices { logger.notice("Sandbox: \(notice)") }
    }

    /// The server's data directory, also in the settings of a workspace below it.
    private static func root(_ settings: ServerSettings) -> String {
        let below = "/workspaces/\(settings.workspace)"
        return settings.data.hasSuffix(below) ? String(settings.data.dropLast(below.count)) : settings.data
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}

/// What the sandbox is on this machine, over HTTP.
struct SandboxRoutes {
    let policy: SandboxPolicy

    /// Registers the route.
    func register(in routes: RouteTable) {
        let policy = policy
        routes.get("/api/martlet/v1/sandbox", permission: .read, errors: .martlet) { _, _ in .json(policy.json) }
    }
}
