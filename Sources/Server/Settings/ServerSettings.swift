import Artifacts
package import Core
import HTTPSupport
import Storage

/// How a server is started: flag, then `MARTLET_…` variable, then `server:` in `martlet.yaml`, then the default.
package struct ServerSettings: Sendable, Equatable {
    /// Address to listen on (`--host`, `MARTLET_HOST`, `server.host`).
    package var host = "127.0.0.1"
    /// Port to listen on (`--port`, `MARTLET_PORT`, `server.port`); 0 takes a free one.
    package var port = 5000
    /// Directory of everything the server keeps (`--data`, `MARTLET_DATA`, `server.data`).
    package var data = ".martlet"
    /// The database (`--database`, `MARTLET_DATABASE`, `server.database`): `sqlite:PATH` or `postgres://…`; nil is
    /// `martlet.db` in `data`.
    package var database: String?
    /// Where artifacts lie (`--artifacts`, `MARTLET_ARTIFACTS`, `server.artifacts`): a directory or `s3://BUCKET/PREFIX`;
    /// nil is `artifacts` in `data`.
    package var artifacts: String?
    /// Directory below which manifests and their data files may lie (`--files`, `MARTLET_FILES`, `server.files`).
    package var files = "."
    /// Further names that `Host` and `Origin` may carry (`--allowed-host`, `MARTLET_ALLOWED_HOSTS`, `server.allowed_hosts`).
    package var allowedHosts: [String] = []
    /// Log records as `text` or `json` (`--log-format`, `MARTLET_LOG_FORMAT`, `server.log_format`).
    package var logFormat = LogFormat.text

    /// The workspace that the settings are for.
    var workspace = Principal.defaultWorkspace

    /// Where requests may go.
    package var egress = EgressSettings()
    /// Who vouches for people and machines.
    package var oidc = OIDCSettings()
    /// What webhooks may reach.
    package var webhooks = WebhookSettings()
    /// How models are served.
    package var inference = InferenceSettings()
    /// What tasks and workers may reach, and the keys of secrets.
    package var sandbox = SandboxSettings()
    /// Who may reach the server.
    package var binding = BindingSettings()
    /// Where backups are made and the log is shipped to.
    package var backups = BackupSettings()

    /// The two forms of log records.
    package enum LogFormat: String, Sendable, CaseIterable {
        case text
        case json
    }

    /// The defaults.
    package init() {}

    /// The settings given by flags; what is nil was not given.
    package struct Flags: Sendable {
        /// `--host`.
        package var host: String?
        /// `--port`.
        package var port: Int?
        /// `--data`.
        package var data: String?
        /// `--database`.
        package var database: String?
        /// `--artifacts`.
        package var artifacts: String?
        /// `--files`.
        package var files: String?
        /// `--allowed-host`, once a name.
        package var allowedHosts: [String] = []
        /// `--log-format`.
        package var logFormat: String?
        /// The flags of requests to other servers.
        package var egress = EgressSettings.Flags()
        /// The flags of an identity provider.
        package var oidc = OIDCSettings.Flags()
        /// `--webhook-scheme` and `--webhook-allow-private`.
        package var webhooks = WebhookSettings.Flags()
        /// The flags of serving.
        package var inference = InferenceSettings.Flags()
        /// The flags about what tasks and workers may reach.
        package var sandbox = SandboxSettings.Flags()
        /// The flags about who may reach the server.
        package var binding = BindingSettings.Flags()
        /// The flags about backups.
        package var backups = BackupSettings.Flags()

        /// No flags.
        package init() {}
    }

    /// Merges the four sources.
    ///
    /// - Throws: `invalidArgument` naming the setting and where it came from.
    package static func resolve(
        flags: Flags,
        environment: [String: String],
        file: JSONObject?
    ) throws(MartletError) -> ServerSettings {
        var settings = ServerSettings()
        let fields = JSONFields(file ?? [:], path: "server")
        try fields.rejectUnknown(
            ["host", "port", "data", "database", "artifacts", "files", "allowed_hosts", "log_format"]
                + BackupSettings.keys + EgressSettings.keys + OIDCSettings.keys + WebhookSettings.keys
                + InferenceSettings.keys + BindingSettings.keys + SandboxSettings.keys
        )
        func text(_ flag: String?, _ key: String) throws(MartletError) -> String? {
            let written = try fields.optionalString(key)
            return flag ?? environment["MARTLET_\(key.uppercased())"] ?? written
        }
        settings.host = try text(flags.host, "host") ?? settings.host
        settings.port = try port(flags: flags, environment: environment, fields: fields) ?? settings.port
        settings.data = try text(flags.data, "data") ?? settings.data
        settings.database = try text(flags.database, "database")
        settings.artifacts = try text(flags.artifacts, "artifacts")
        settings.files = try text(flags.files, "files") ?? settings.files
        settings.allowedHosts = try fields.strings("allowed_hosts")
        if let names = environment["MARTLET_ALLOWED_HOSTS"] {
            settings.allowedHosts = names.split(separator: ",").map(String.init)
        }
        if !flags.allowedHosts.isEmpty { settings.allowedHosts = flags.allowedHosts }
        if let format = try text(flags.logFormat, "log_format") {
            guard let parsed = LogFormat(rawValue: format) else {
                throw MartletError(.invalidArgument, "The log format must be 'text' or 'json', not '\(format)'.")
            }
            settings.logFormat = parsed
        }
        settings.egress = try EgressSettings.resolve(flags: flags.egress, environment: environment, fields: fields)
        settings.oidc = try OIDCSettings.resolve(flags: flags.oidc, environment: environment, fields: fields)
        settings.webhooks = try WebhookSettings.resolve(
            flags: flags.webhooks,
            environment: environment,
            fields: fields
        )
        settings.inference = try InferenceSettings.resolve(
            flags: flags.inference,
            environment: environment,
            fields: fields
        )
        settings.sandbox = try SandboxSettings.resolve(flags: flags.sandbox, environment: environment, fields: fields)
        settings.binding = try BindingSettings.resolve(
            flags: flags.binding,
            environment: environment,
            fields: fields
        )
        settings.backups = try BackupSettings.resolve(flags: flags.backups, environment: environment, fields: fields)
        try settings.refuseWhatIsNotThere()
        settings.sandbox.protected = SandboxWiring.protected(settings)
        return settings
    }

    private static func port(
        flags: Flags,
        environment: [String: String],
        fields: JSONFields
    ) throws(MartletError) -> Int? {
        var port = flags.port
        if port == nil, let text = environment["MARTLET_PORT"] {
            guard let number = Int(text) else {
                throw MartletError(.invalidArgument, "MARTLET_PORT must be a port number, but is '\(text)'.")
            }
            port = number
        }
        if port == nil { port = try fields.optionalInt("port").flatMap { Int(exactly: $0) } }
        if let port, !(0...65_535).contains(port) {
            throw MartletError(.invalidArgument, "The port must be between 0 and 65535, not \(port).")
        }
        return port
    }

    private func refuseWhatIsNotThere() throws(MartletError) {
        if let postgresURL { try Database.validate(postgres: postgresURL) }
        if let database, postgresURL == nil, !database.hasPrefix("sqlite:") {
            // The value may hold a password, so that it is not repeated.
            throw MartletError(
                .unimplemented,
                "--database must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE; "
                    + "other databases are not supported."
            )
        }
        if let artifacts, artifacts.contains("://"), !artifacts.hasPrefix(S3Settings.locationScheme) {
            throw MartletError(
                .unimplemented,
                "--artifacts must be a directory or s3://BUCKET/PREFIX; other stores are not supported."
            )
        }
    }

    /// The URL of the PostgreSQL database; nil for SQLite.
    package var postgresURL: String? {
        database.flatMap { Database.isPostgres($0) ? $0 : nil }
    }

    /// The path of the SQLite file.
    package var databasePath: String {
        database.map { String($0.dropFirst("sqlite:".count)) } ?? "\(data)/martlet.db"
    }

    /// The path of the artifacts' directory, or the location in an object store.
    package var artifactsPath: String {
        artifacts ?? "\(data)/artifacts"
    }
}
