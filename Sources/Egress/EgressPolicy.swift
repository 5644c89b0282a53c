package import Core

/// Where requests of the server may go.
package struct EgressPolicy: Sendable, Equatable {
    /// Which addresses are allowed that are not of the public internet.
    package enum Inner: Sendable, Equatable {
        /// None.
        case refused
        /// Those in these ranges.
        case ranges([AddressRange])
        /// All but those at which a cloud hands out the machine's credentials.
        case allowed
    }

    /// The schemes that are accepted, in lower case.
    package var schemes: [String]
    /// The hosts that may be asked; none in the list means every one.
    package var hosts: [HostPattern]
    /// Which private addresses may be asked.
    package var inner: Inner
    /// Origins that the operator wrote into a setting or a command: these are asked whatever the other rules say.
    package private(set) var declared: [String]

    /// HTTPS to public addresses, unless something else is said.
    package init(schemes: [String] = ["https"], hosts: [HostPattern] = [], inner: Inner = .refused) {
        self.schemes = schemes.map { $0.lowercased() }
        self.hosts = hosts
        self.inner = inner
        declared = []
    }

    /// The same policy with an address that the operator names as such, so that its origin may be asked.
    package func declaring(_ url: EgressURL) -> EgressPolicy {
        var policy = self
        policy.declared.append(url.origin)
        return policy
    }

    /// Nothing but the origin of an address that the operator names.
    package static func only(_ url: EgressURL) -> EgressPolicy {
        EgressPolicy(schemes: [], hosts: [], inner: .refused).declaring(url)
    }

    /// Why an address is refused by what is written in it; nil when it may be looked up.
    package func refusal(of url: EgressURL) -> EgressRefusal? {
        guard !declared.contains(url.origin) else { return nil }
        guard schemes.contains(url.scheme) else { return .scheme(url.scheme, allowed: schemes) }
        guard hosts.isEmpty || hosts.contains(where: { $0.matches(url.host) }) else { return .host(url.host) }
        return nil
    }

    /// Why a connection to one of the host's addresses is refused; nil when it may be opened.
    package func refusal(of address: IPAddress, for url: EgressURL) -> EgressRefusal? {
        let refusal = EgressRefusal.address(address, host: url.host)
        if declared.contains(url.origin) {
            // A name that the operator trusts must not be answered with the address of the machine's credentials.
            return address.reach == .metadata && IPAddress(url.host) == nil ? refusal : nil
        }
        guard address.reach != .global else { return nil }
        switch inner {
        case .refused: return refusal
        case .allowed: return address.reach == .metadata ? refusal : nil
        case .ranges(let ranges):
            let carried = address.carried ?? address
            return ranges.contains { $0.contains(address) || $0.contains(carried) } ? nil : refusal
        }
    }
}

/// Why the policy does not let a request out.
package enum EgressRefusal: Error, Sendable, Equatable {
    /// The scheme is not one of the allowed ones.
    case scheme(String, allowed: [String])
    /// The host is not in the list.
    case host(String)
    /// The host has an address that is not of the public internet.
    case address(IPAddress, host: String)
    /// The answer leads to another server.
    case redirect(to: String)

    /// The refusal in words; `what` begins the sentence.
    package func error(what: String) -> MartletError {
        let text =
            switch self {
            case .scheme(let scheme, let allowed):
                "\(what) uses \(scheme)://, and only \(allowed.map { "\($0)://" }.joined(separator: ", ")) is allowed; "
                    + "--egress-scheme allows others."
            case .host(let host):
                "\(what) is on '\(host.prefix(200))', which is not among the hosts that this server may ask; "
                    + "--egress-allow-host adds it."
            case .address(let address, let host):
                "\(what) is on '\(host.prefix(200))', which resolves to the non-public IP address \(address); "
                    + "--egress-allow-private with its range allows it."
            case .redirect(let origin):
                "\(what) redirects to \(origin.prefix(200)); redirects to other servers are not followed. Name that "
                    + "address instead, if it is the right one."
            }
        return MartletError(.permissionDenied, text, cause: self)
    }
}
