import HTTPSupport

/// The names by which a server may be called: exact ones, and those of its certificate.
package struct HostNames: Sendable {
    private let exact: Set<String>
    private let certificate: @Sendable () -> [String]

    /// Names of this machine itself and `extra` ones, without ports; `certificate` gives those of the certificate in use.
    package init(_ extra: [String] = [], certificate: @escaping @Sendable () -> [String] = { [] }) {
        exact = Set(["localhost", "127.0.0.1", "::1", "0.0.0.0"] + extra.map(Self.bare))
        self.certificate = certificate
    }

    /// A name without brackets and in lower case, as requests are compared with it.
    private static func bare(_ name: String) -> String {
        let name = name.lowercased()
        return HostName(authority: name)?.name ?? name
    }

    /// Whether a name, in lower case, is one of them; `*.` at the beginning of a certificate's name is one label.
    package func contains(_ name: String) -> Bool {
        if exact.contains(name) { return true }
        let names = certificate()
        guard !names.isEmpty else { return false }
        if names.contains(name) { return true }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex, PeerAddress(name) == nil else { return false }
        return names.contains("*\(name[dot...])")
    }
}
