import Core

/// What webhooks may reach, and the key of their secrets.
package struct WebhookSettings: Sendable, Equatable {
    /// Schemes of webhook URLs (`--webhook-scheme`, `MARTLET_WEBHOOK_SCHEMES`, `server.webhook_schemes`, or MLflow's
    /// `MLFLOW_WEBHOOK_ALLOWED_SCHEMES`); nil is those of `egress_schemes`.
    package var schemes: [String]?
    /// Whether webhooks may lie in private networks (`--webhook-allow-private`, `MARTLET_WEBHOOK_ALLOW_PRIVATE`,
    /// `server.webhook_allow_private`, or MLflow's `MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS`).
    package var allowsPrivateAddresses = false
    /// The key of webhook secrets, 32 bytes in URL-safe base64 (`MARTLET_WEBHOOK_KEY`, or MLflow's
    /// `MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY`); nil is the file `webhook.key` in `data`.
    ///
    /// Servers that share a database need the same one. It is no flag, because others can read those.
    package var key: String?

    /// The defaults.
    package init() {}

    /// The settings given by flags; what is nil or empty was not given.
    package struct Flags: Sendable {
        /// `--webhook-scheme`, once a scheme.
        package var schemes: [String] = []
        /// `--webhook-allow-private`.
        package var allowsPrivateAddresses = false

        /// No flags.
        package init() {}
    }

    /// The keys in the section `server` of `martlet.yaml`.
    static let keys = ["webhook_schemes", "webhook_allow_private"]

    /// Merges the sources.
    ///
    /// - Throws: `invalidArgument` naming the setting.
    static func resolve(
        flags: Flags,
        environment: [String: String],
        fields: JSONFields
    ) throws(MartletError) -> WebhookSettings {
        var settings = WebhookSettings()
        let written = try fields.strings("webhook_schemes")
        let listed = environment["MARTLET_WEBHOOK_SCHEMES"] ?? environment["MLFLOW_WEBHOOK_ALLOWED_SCHEMES"]
        if !flags.schemes.isEmpty {
            settings.schemes = flags.schemes
        } else if let listed {
            settings.schemes = listed.split(separator: ",").map { String($0.filter { $0 != " " }) }
        } else if !written.isEmpty {
            settings.schemes = written
        }
        settings.schemes = settings.schemes?.map { $0.lowercased() }
        if let schemes = settings.schemes,
            schemes.isEmpty || !schemes.allSatisfy({ ["http", "https"].contains($0) })
        {
            throw MartletError(
                .invalidArgument,
                "The schemes of webhooks must be 'https', 'http' or both, not '\(schemes.joined(separator: ","))'."
            )
        }
        settings.allowsPrivateAddresses = try fields.optionalBool("webhook_allow_private") ?? false
        for name in ["MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS", "MARTLET_WEBHOOK_ALLOW_PRIVATE"] {
            guard let text = environment[name]?.lowercased() else { continue }
            guard ["true", "1", "false", "0"].contains(text) else {
                throw MartletError(.invalidArgument, "\(name) must be true or false, but is '\(text)'.")
            }
            settings.allowsPrivateAddresses = text == "true" || text == "1"
        }
        if flags.allowsPrivateAddresses { settings.allowsPrivateAddresses = true }
        settings.key = environment["MARTLET_WEBHOOK_KEY"] ?? environment["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"]
        return settings
    }
}
