import Core
package import Egress

/// Where requests of the server may go: one list for webhooks, identity providers and whatever else asks others.
package struct EgressSettings: Sendable, Equatable {
    /// Schemes (`--egress-scheme`, `MARTLET_EGRESS_SCHEMES`, `server.egress_schemes`).
    package var schemes = ["https"]
    /// Hosts that may be asked, such as `api.example.com` or `*.example.com`; none is every public one
    /// (`--egress-allow-host`, `MARTLET_EGRESS_ALLOW_HOSTS`, `server.egress_allow_hosts`).
    var hosts: [HostPattern] = []
    /// Private addresses that may be asked: `all`, or ranges such as `10.0.0.0/8` (`--egress-allow-private`,
    /// `MARTLET_EGRESS_ALLOW_PRIVATE`, `server.egress_allow_private`).
    var inner = EgressPolicy.Inner.refused

    /// The defaults.
    package init() {}

    /// The settings given by flags; what is empty was not given.
    package struct Flags: Sendable {
        /// `--egress-scheme`, once a scheme.
        package var schemes: [String] = []
        /// `--egress-allow-host`, once a host.
        package var hosts: [String] = []
        /// `--egress-allow-private`, once a range.
        package var ranges: [String] = []

        /// No flags.
        package init() {}
    }

    /// The keys in the section `server` of `martlet.yaml`.
    static let keys = ["egress_schemes", "egress_allow_hosts", "egress_allow_private"]

    /// The rules that requests keep.
    package var policy: EgressPolicy { EgressPolicy(schemes: schemes, hosts: hosts, inner: inner) }

    /// Merges the sources.
    ///
    /// - Throws: `invalidArgument` naming the setting.
    static func resolve(
        flags: Flags,
        environment: [String: String],
        fields: JSONFields
    ) throws(MartletError) -> EgressSettings {
        func list(_ flag: [String], _ key: String) throws(MartletError) -> [String]? {
            let written = try fields.strings(key)
            if !flag.isEmpty { return flag }
            if let text = environment["MARTLET_\(key.uppercased())"] {
                return text.split(separator: ",").map { String($0.filter { $0 != " " }) }.filter { !$0.isEmpty }
            }
            return written.isEmpty ? nil : written
        }
        var settings = EgressSettings()
        if let schemes = try list(flags.schemes, "egress_schemes") {
            settings.schemes = schemes.map { $0.lowercased() }
            guard !schemes.isEmpty, settings.schemes.allSatisfy({ ["http", "https"].contains($0) }) else {
                throw MartletError(
                    .invalidArgument,
                    "egress_schemes must be 'https', 'http' or both, not '\(schemes.joined(separator: ",").prefix(80))'."
                )
            }
        }
        let hosts = try list(flags.hosts, "egress_allow_hosts") ?? []
        try bound(hosts.count, by: EgressLimits.hostPatterns, "egress_allow_hosts")
        for host in hosts { settings.hosts.append(try HostPattern(host)) }
        settings.inner = try inner(try list(flags.ranges, "egress_allow_private") ?? [])
        return settings
    }

    private static func inner(_ texts: [String]) throws(MartletError) -> EgressPolicy.Inner {
        try bound(texts.count, by: EgressLimits.ranges, "egress_allow_private")
        if texts.isEmpty || texts == ["none"] { return .refused }
        if texts == ["all"] { return .allowed }
        var ranges: [AddressRange] = []
        for text in texts {
            guard let range = AddressRange(text) else {
                throw MartletError(
                    .invalidArgument,
                    "egress_allow_private knows ranges such as 10.0.0.0/8 or fd00::/8, 'all' and 'none', not "
                        + "'\(text.prefix(80))'."
                )
            }
            ranges.append(range)
        }
        return .ranges(ranges)
    }

    private static func bound(_ count: Int, by limit: Int, _ key: String) throws(MartletError) {
        guard count <= limit else {
            throw MartletError(.invalidArgument, "\(key) has \(count) entries; at most \(limit) are accepted.")
        }
    }
}
