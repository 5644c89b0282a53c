package import Core
import HTTPSupport

/// Where a server listens, and what therefore stands between it and those who can reach it.
///
/// `decide` is the whole rule: who can reach a server from another machine must be asked who they are, and nothing of it
/// may travel in the clear.
package struct Binding: Sendable, Equatable {
    /// The address to listen on.
    package let host: String
    /// Whether only this machine reaches the address.
    package let isLoopback: Bool
    /// Whether callers need accounts.
    package let hasAccounts: Bool
    /// Whether the server speaks TLS itself.
    package let hasTLS: Bool
    /// The peers that are believed when they say for whom they ask.
    package let proxies: [NetworkRange]

    /// Decides how a server may listen.
    ///
    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - auth: what was asked for; nil leaves it to the address.
    ///   - certificate: path of the TLS certificate.
    ///   - key: path of its key.
    ///   - proxies: ranges of addresses of declared proxies.
    /// - Returns: what stands between the server and those who reach it.
    /// - Throws: `invalidArgument` for settings that make no sense together, and `failedPrecondition` with the remedy
    ///   when the server would be open to others.
    package static func decide(
        host: String,
        auth: AuthMode?,
        certificate: String?,
        key: String?,
        proxies: [String]
    ) throws(MartletError) -> Binding {
        var ranges: [NetworkRange] = []
        for text in proxies { ranges.append(try NetworkRange(text)) }
        guard (certificate == nil) == (key == nil) else {
            throw MartletError(
                .invalidArgument,
                "--tls-certificate and --tls-key belong together; only "
                    + (key == nil ? "the certificate is given." : "the key is given.")
            )
        }
        let isLoopback = isLoopback(host)
        let hasTLS = certificate != nil
        let isReachable = !isLoopback || !ranges.isEmpty
        if isReachable, auth == .off {
            throw MartletError(
                .failedPrecondition,
                isLoopback
                    ? "--behind-proxy lets other machines reach this server, so that it needs accounts. "
                        + "Leave out --auth off, or --behind-proxy."
                    : "--host \(host) is reachable from other machines, so that this server needs accounts. "
                        + "Leave out --auth off, or use --host 127.0.0.1."
            )
        }
        guard isLoopback || hasTLS || !ranges.isEmpty else { throw unprotected(host) }
        return Binding(
            host: host,
            isLoopback: isLoopback,
            hasAccounts: isReachable || auth == .required,
            hasTLS: hasTLS,
            proxies: ranges
        )
    }

    private static func unprotected(_ host: String) -> MartletError {
        MartletError(
            .failedPrecondition,
            "--host \(host) is reachable from other machines, and without TLS passwords and tokens would travel in the "
                + "clear. Give --tls-certificate FILE and --tls-key FILE, or --behind-proxy RANGE with the addresses of a "
                + "proxy that speaks TLS, or use --host 127.0.0.1."
        )
    }

    /// Whether a name or address to listen on is this machine's own.
    package static func isLoopback(_ host: String) -> Bool {
        host.lowercased() == "localhost" || PeerAddress(host)?.isLoopback == true
    }

    // MARK: Peers

    /// Whether a peer may connect: where the server speaks plain HTTP, from elsewhere only a declared proxy may.
    package func admits(peer: String?) -> Bool {
        if isLoopback || hasTLS { return true }
        guard let address = peer.flatMap({ PeerAddress($0) }) else { return false }
        return address.isLoopback || proxies.contains { $0.contains(address) }
    }

    /// Whether a peer is believed when it says for whom it asks.
    package func isProxy(peer: String?) -> Bool {
        guard !proxies.isEmpty, let address = peer.flatMap({ PeerAddress($0) }) else { return false }
        return proxies.contains { $0.contains(address) }
    }

    /// What an operator should know of the settings, though they are allowed.
    ///
    /// - Parameter names: the names by which clients may call the server, beside those of this machine.
    /// - Returns: sentences for the log.
    package func notices(names: [String]) -> [String] {
        var notices: [String] = []
        if !isLoopback || !proxies.isEmpty, names.isEmpty {
            notices.append(
                "No name is known by which other machines call this server: requests are refused by their Host until "
                    + "--allowed-host NAME gives it."
            )
        }
        if proxies.contains(where: { $0.description.hasSuffix("/0") }) {
            notices.append(
                "--behind-proxy names every address: anybody who reaches this port can pretend to be a proxy."
            )
        }
        return notices
    }
}
