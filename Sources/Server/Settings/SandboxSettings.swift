package import Core
import Foundation

/// What tasks and workers may reach, and where the keys of secrets come from.
package struct SandboxSettings: Sendable, Equatable {
    /// Whether tasks may use the network (`--sandbox-network`, `MARTLET_SANDBOX_NETWORK`, `server.sandbox_network`).
    package var tasksHaveNetwork = true
    /// Whether workers may use the network; set with that of tasks.
    package var workersHaveNetwork = false
    /// Whether the server's files are closed to tasks and workers (`--sandbox-files`, `MARTLET_SANDBOX_FILES`,
    /// `server.sandbox_files`).
    package var closesFiles = true
    /// The user that tasks become (`--sandbox-user`, `MARTLET_SANDBOX_USER`, `server.sandbox_user`).
    package var user: SandboxUser?
    /// Further files and directories that are closed (`--sandbox-hide`, `MARTLET_SANDBOX_HIDE`, `server.sandbox_hide`).
    package var hidden: [String] = []
    /// Further directories that tasks may write to (`--sandbox-write`, `MARTLET_SANDBOX_WRITE`, `server.sandbox_write`).
    package var writable: [String] = []
    /// The keys of secrets (`MARTLET_SECRET_KEY`); no flag, because others can read those.
    package var secretKey: String?
    /// The command that prints them (`--secret-key-command`, `MARTLET_SECRET_KEY_COMMAND`, `server.secret_key_command`).
    package var secretKeyCommand: String?
    /// Files of the server that are closed whatever workspace a task is of.
    var protected: [String] = []

    /// The defaults.
    package init() {}

    /// The settings given by flags; what is nil or empty was not given.
    package struct Flags: Sendable {
        /// `--sandbox-network`.
        package var network: String?
        /// `--sandbox-files`.
        package var files: String?
        /// `--sandbox-user`.
        package var user: String?
        /// `--sandbox-hide`, once a path.
        package var hidden: [String] = []
        /// `--sandbox-write`, once a directory.
        package var writable: [String] = []
        /// `--secret-key-command`.
        package var secretKeyCommand: String?

        /// No flags.
        package init() {}
    }

    /// The keys in the section `server` of `martlet.yaml`.
    static let keys = [
        "sandbox_network", "sandbox_files", "sandbox_user", "sandbox_hide", "sandbox_write", "secret_key_command",
    ]

    /// Merges the sources.
    ///
    /// - Throws: `invalidArgument` naming the setting.
    static func resolve(
        flags: Flags,
        environment: [String: String],
        fields: JSONFields
    ) throws(MartletError) -> SandboxSettings {
        var settings = SandboxSettings()
        func text(_ flag: String?, _ key: String) throws(MartletError) -> String? {
            // `on` and `off` are booleans in YAML.
            let written: String? =
                switch fields.value(key) {
                case .bool(let flag): flag ? "on" : "off"
                default: try fields.optionalString(key)
                }
            return flag ?? environment["MARTLET_\(key.uppercased())"] ?? written
        }
        func list(_ flags: [String], _ key: String) throws(MartletError) -> [String] {
            let written = try fields.strings(key)
            if !flags.isEmpty { return flags }
            return environment["MARTLET_\(key.uppercased())"]?.split(separator: ":").map(String.init) ?? written
        }
        switch try text(flags.network, "sandbox_network") {
        case nil, "tasks": break
        case "on": settings.workersHaveNetwork = true
        case "off": settings.tasksHaveNetwork = false
        case let other?:
            throw MartletError(
                .invalidArgument,
                "--sandbox-network must be on, off, or 'tasks' for tasks alone, not '\(other.prefix(40))'."
            )
        }
        switch try text(flags.files, "sandbox_files") {
        case nil, "on": break
        case "off": settings.closesFiles = false
        case let other?:
            throw MartletError(.invalidArgument, "--sandbox-files must be on or off, not '\(other.prefix(40))'.")
        }
        settings.user = try text(flags.user, "sandbox_user").map(user)
        settings.hidden = try list(flags.hidden, "sandbox_hide")
        settings.writable = try list(flags.writable, "sandbox_write")
        settings.secretKey = environment["MARTLET_SECRET_KEY"].flatMap { $0.isEmpty ? nil : $0 }
        settings.secretKeyCommand = try text(flags.secretKeyCommand, "secret_key_command")
        if settings.secretKey != nil, settings.secretKeyCommand != nil {
            throw MartletError(
                .invalidArgument,
                "Both MARTLET_SECRET_KEY and --secret-key-command are given; the keys of secrets come from one of them."
            )
        }
        return settings
    }

    private static func user(_ name: String) throws(MartletError) -> SandboxUser {
        guard let entry = getpwnam(name), entry.pointee.pw_uid != 0 else {
            throw MartletError(
                .invalidArgument,
                "--sandbox-user must name a user of this machine that is not root, such as nobody, not '\(name.prefix(40))'."
            )
        }
        guard geteuid() == 0 else {
            throw MartletError(.invalidArgument, "--sandbox-user takes a server that runs as root.")
        }
        return SandboxUser(name: name, id: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
    }
}
