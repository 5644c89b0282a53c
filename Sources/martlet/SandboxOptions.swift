import ArgumentParser
import Server

/// The flags about what tasks and workers may reach, and the keys of secrets.
struct SandboxOptions: ParsableArguments {
    @Option(
        name: .customLong("sandbox-network"),
        help: "Who may use the network: 'tasks', 'on' for workers of models, too, or 'off'. (default: tasks)"
    )
    var network: String?

    @Option(
        name: .customLong("sandbox-files"),
        help: "Whether the server's files are closed to tasks and workers: 'on' or 'off'. (default: on)"
    )
    var files: String?

    @Option(name: .customLong("sandbox-user"), help: "The user that tasks become, where the server runs as root.")
    var user: String?

    @Option(name: .customLong("sandbox-hide"), help: "A further file or directory closed to tasks; repeat for more.")
    var hidden: [String] = []

    @Option(name: .customLong("sandbox-write"), help: "A further directory that tasks may write to; repeat for more.")
    var writable: [String] = []

    @Option(
        name: .customLong("secret-key-command"),
        help: "A command that prints the key of secrets. (default: the file secret.key in the data directory)"
    )
    var secretKeyCommand: String?

    /// The flags as settings take them.
    var flags: SandboxSettings.Flags {
        var flags = SandboxSettings.Flags()
        flags.network = network
        flags.files = files
        flags.user = user
        flags.hidden = hidden
        flags.writable = writable
        flags.secretKeyCommand = secretKeyCommand
        return flags
    }
}
