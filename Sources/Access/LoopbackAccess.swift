package import Core

/// The rule of a server without accounts: it listens on loopback only, and whoever reaches it there may do everything.
package enum LoopbackAccess {
    /// Throws unless `host` is a loopback address: without accounts a server must not be reachable from elsewhere.
    package static func validate(host: String) throws(MartletError) {
        let name = host.lowercased()
        let octets = name.split(separator: ".", omittingEmptySubsequences: false)
        let isLoopback4 = octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
        guard name == "localhost" || name == "::1" || isLoopback4 else {
            throw MartletError(
                .failedPrecondition,
                "--host \(host) is reachable from other machines, and this server has no accounts. "
                    + "Use --host 127.0.0.1 and put a proxy that authenticates in front of it."
            )
        }
    }
}
