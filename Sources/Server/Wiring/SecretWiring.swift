import Core
import Logging
import Pipelines
import Secrets
import Storage
import Webhooks

/// The secrets of a workspace, and who is given them.
enum SecretWiring {
    /// Where the keys come from.
    static func source(_ settings: ServerSettings) -> KeySource {
        if let key = settings.sandbox.secretKey { return .text(key) }
        if let command = settings.sandbox.secretKeyCommand { return .command(command) }
        return .file("\(settings.data)/secret.key")
    }

    /// The store of a workspace, its keys read, so that what is wrong with them is said at the start.
    static func store(settings: ServerSettings, database: Database, clock: Clock) async throws -> SecretStore {
        let keyring = Keyring(source: source(settings))
        try await keyring.load()
        return SecretStore(database: database, keyring: keyring, workspace: settings.workspace, clock: clock)
    }

    /// Has pipelines' tasks given the secrets that they ask for, and confines them.
    static func equip(
        _ configuration: inout PipelineConfiguration,
        secrets: SecretStore,
        settings: ServerSettings
    ) {
        configuration.secrets = { try await secrets.values(of: $0) }
        configuration.sandbox = SandboxWiring.policy(settings)
    }

    /// Says which secrets cannot be read, and why; the server runs without them.
    static func report(_ secrets: SecretStore, logger: Logger) async {
        do {
            let names = try await secrets.unreadable()
            guard let first = names.first else { return }
            let lost = try await secrets.secret(first).keyID
            logger.error(
                "\(names.count) secrets cannot be read. \(secrets.keyring.missing(lost).message)",
                metadata: ["secrets": "\(names.prefix(10).joined(separator: ", "))"]
            )
        } catch {
            logger.error("The secrets cannot be read.", metadata: ["error": "\(error)"])
        }
    }
}
