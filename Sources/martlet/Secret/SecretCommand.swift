import ArgumentParser

/// `martlet secret …`.
struct SecretCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret",
        abstract: "Set, list and delete the secrets of a workspace, and change the key that encrypts them.",
        subcommands: [SecretSet.self, SecretList.self, SecretDelete.self, SecretRotate.self]
    )
}
