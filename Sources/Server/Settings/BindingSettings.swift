package import Access
package import Core

/// Who may reach the server, and how what they send is kept from others on the way.
package struct BindingSettings: Sendable, Equatable {
    /// Whether callers need accounts (`--auth`, `MARTLET_AUTH`, `server.auth`): `off` or `required`; nil is `off` on
    /// loopback and `required` elsewhere.
    package var auth: AuthMode?
    /// The server's TLS certificate with its chain, in PEM text (`--tls-certificate`, `MARTLET_TLS_CERTIFICATE`,
    /// `server.tls_certificate`).
    package var certificate: String?
    /// Its key (`--tls-key`, `MARTLET_TLS_KEY`, `server.tls_key`).
    package var key: String?
    /// The addresses of proxies that speak TLS before the server (`--behind-proxy`, `MARTLET_BEHIND_PROXY`,
    /// `server.behind_proxy`), such as `10.0.0.0/8`.
    package var proxies: [String] = []

    /// The defaults.
    package init() {}

    /// The settings given by flags; what is nil or empty was not given.
    package struct Flags: Sendable {
        /// `--auth`.
        package var auth: String?
        /// `--tls-certificate`.
        package var certificate: String?
        /// `--tls-key`.
        package var key: String?
        /// `--behind-proxy`, each with one range or several with commas between them.
        package var proxies: [String] = []

        /// No flags.
        package init() {}
    }

    /// The keys in the section `server` of `martlet.yaml`.
    static let keys = ["auth", "tls_certificate", "tls_key", "behind_proxy"]

    /// Merges the sources.
    ///
    /// - Throws: `invalidArgument` naming the setting.
    static func resolve(
        flags: Flags,
        environment: [String: String],
        fields: JSONFields
    ) throws(MartletError) -> BindingSettings {
        var settings = BindingSettings()
        let written = (
            auth: try fields.optionalString("auth"), certificate: try fields.optionalString("tls_certificate"),
            key: try fields.optionalString("tls_key"), proxies: try fields.strings("behind_proxy")
        )
        if let text = flags.auth ?? environment["MARTLET_AUTH"] ?? written.auth {
            guard let mode = AuthMode(rawValue: text) else {
                throw MartletError(.invalidArgument, "--auth must be 'off' or 'required', not '\(text.prefix(40))'.")
            }
            settings.auth = mode
        }
        settings.certificate = flags.certificate ?? environment["MARTLET_TLS_CERTIFICATE"] ?? written.certificate
        settings.key = flags.key ?? environment["MARTLET_TLS_KEY"] ?? written.key
        settings.proxies = written.proxies
        if let list = environment["MARTLET_BEHIND_PROXY"] { settings.proxies = [list] }
        if !flags.proxies.isEmpty { settings.proxies = flags.proxies }
        settings.proxies = settings.proxies.flatMap { $0.split(separator: ",") }
            .map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
        return settings
    }

    /// Decides how the server may listen on an address.
    ///
    /// - Throws: `failedPrecondition` with the remedy when it would be open to others.
    package func decide(host: String) throws(MartletError) -> Binding {
        try Binding.decide(host: host, auth: auth, certificate: certificate, key: key, proxies: proxies)
    }
}
