import ArgumentParser
import Core
import Foundation
import Server

/// The flags that `up` and `demo` share.
struct ServerOptions: ParsableArguments {
    @Option(help: "Address to listen on; others than this machine's own need TLS or a proxy. (default: 127.0.0.1)")
    var host: String?

    @Option(help: "Port to listen on; 0 takes a free one. (default: 5000)")
    var port: Int?

    @Option(help: "Directory of everything the server keeps. (default: .martlet)")
    var data: String?

    @Option(
        help: "The database: sqlite:PATH or postgres://USER@HOST/DATABASE. (default: martlet.db in the data directory)"
    )
    var database: String?

    @Option(help: "Directory of artifacts, or s3://BUCKET/PREFIX. (default: artifacts in the data directory)")
    var artifacts: String?

    @Option(help: "Directory below which manifests and data files may lie. (default: .)")
    var files: String?

    @Option(name: .customLong("allowed-host"), help: "A further name that the Host header may carry; repeat for more.")
    var allowedHosts: [String] = []

    @Option(name: .customLong("log-format"), help: "Log records as 'text' or 'json'. (default: text)")
    var logFormat: String?

    @Option(name: .customLong("webhook-scheme"), help: "A scheme of webhook URLs; repeat for more. (default: https)")
    var webhookSchemes: [String] = []

    @Flag(name: .customLong("webhook-allow-private"), help: "Let webhooks lie in private networks and on this machine.")
    var webhookAllowPrivate = false

    @OptionGroup
    var egress: EgressOptions

    @OptionGroup
    var oidc: OIDCOptions

    @OptionGroup
    var binding: BindingOptions

    @OptionGroup
    var backup: BackupOptions

    @OptionGroup
    var sandbox: SandboxOptions

    @OptionGroup
    var inference: InferenceOptions

    /// The settings: flag, then variable, then the `server:` section of `./martlet.yaml`, then default.
    func settings() throws -> ServerSettings {
        var flags = ServerSettings.Flags()
        flags.host = host
        flags.port = port
        flags.data = data
        flags.database = database
        flags.artifacts = artifacts
        flags.files = files
        flags.allowedHosts = allowedHosts
        flags.logFormat = logFormat
        flags.egress = egress.flags
        flags.oidc = oidc.flags
        flags.binding = binding.flags
        flags.backups = backup.flags
        flags.sandbox = sandbox.flags
        flags.inference = inference.flags
        flags.webhooks.schemes = webhookSchemes
        flags.webhooks.allowsPrivateAddresses = webhookAllowPrivate
        return try ServerSettings.resolve(
            flags: flags,
            environment: ProcessInfo.processInfo.environment,
            file: try Self.section()
        )
    }

    static func section() throws -> JSONObject? {
        guard let bytes = FileManager.default.contents(atPath: "martlet.yaml") else { return nil }
        let document = try YAMLDocument.parse(String(decoding: bytes, as: UTF8.self))
        guard let section = document["server"], section != .null else { return nil }
        guard let object = section.objectValue else {
            throw MartletError(.invalidArgument, "'server' in martlet.yaml must be an object, but is \(section.kind).")
        }
        return object
    }
}
