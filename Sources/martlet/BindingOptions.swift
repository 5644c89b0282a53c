import ArgumentParser
import Server

/// The flags that say who may reach a server.
struct BindingOptions: ParsableArguments {
    @Option(
        help:
            "Whether callers need accounts: off or required. (default: off on loopback, required on any other address)"
    )
    var auth: String?

    @Option(
        name: .customLong("tls-certificate"),
        help: "The TLS certificate with its chain, in PEM text; it is read again when the file changes."
    )
    var tlsCertificate: String?

    @Option(name: .customLong("tls-key"), help: "The key of the TLS certificate, in PEM text.")
    var tlsKey: String?

    @Option(
        name: .customLong("behind-proxy"),
        help: "The addresses of a proxy that speaks TLS before the server, such as 10.0.0.0/8; repeat for more."
    )
    var behindProxy: [String] = []

    /// The flags as settings take them.
    var flags: BindingSettings.Flags {
        var flags = BindingSettings.Flags()
        flags.auth = auth
        flags.certificate = tlsCertificate
        flags.key = tlsKey
        flags.proxies = behindProxy
        return flags
    }
}
