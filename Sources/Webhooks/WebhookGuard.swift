import Core

/// Decides whether a host may be talked to: every one of its addresses must be public.
struct WebhookGuard: Sendable {
    let policy: WebhookPolicy
    let resolver: HostResolver

    /// Checks an address that is to be registered.
    ///
    /// A host that is not known (yet) passes: what counts is the check before each request. One that is known to lie in a
    /// private network does not.
    ///
    /// - Throws: `invalidArgument`.
    func check(_ text: String) async throws {
        let url = try WebhookURL(text, policy: policy)
        guard !policy.allowsPrivateAddresses else { return }
        do {
            _ = try await addresses(of: url)
        } catch let error as MartletError where error.code == .unavailable {
            return
        }
    }

    /// The checked addresses of a webhook's host: the only ones that may be connected to.
    ///
    /// - Throws: `invalidArgument` if one of them is not public, `unavailable` if the host is not known.
    func addresses(of url: WebhookURL) async throws -> [IPAddress] {
        let found = try await resolver.addresses(of: url.host)
        if !policy.allowsPrivateAddresses, let address = found.first(where: { !$0.isPublic }) {
            throw MartletError(
                .invalidArgument,
                "Webhook URL must not resolve to a non-public IP address. '\(url.host.prefix(200))' resolves to "
                    + "\(address)."
            )
        }
        return Array(found.prefix(WebhooksLimits.addresses))
    }
}
