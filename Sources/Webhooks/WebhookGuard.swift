import Core
import Egress

/// Decides whether a host may be talked to, and says why not with MLflow's texts.
struct WebhookGuard: Sendable {
    let egress: EgressClient

    /// Checks an address that is to be registered.
    ///
    /// A host that is not known (yet) passes: what counts is the check before each request. One that is known to lie in a
    /// private network does not.
    ///
    /// - Throws: `invalidArgument`.
    func check(_ text: String) async throws {
        let url = try WebhookURL.parse(text, policy: egress.policy)
        if let refusal = egress.policy.refusal(of: url) { throw Self.explained(refusal) }
        do {
            _ = try await egress.addresses(of: url, what: "The webhook's URL")
        } catch let error as MartletError where error.code == .unavailable {
            return
        } catch {
            throw Self.explained(error)
        }
    }

    /// What a refusal is called here.
    static func explained(_ error: any Error) -> any Error {
        let refusal = error as? EgressRefusal ?? (error as? MartletError)?.cause as? EgressRefusal
        guard let refusal else { return error }
        if case .address(let address, let host) = refusal {
            return MartletError(
                .invalidArgument,
                "Webhook URL must not resolve to a non-public IP address. '\(host.prefix(200))' resolves to \(address).",
                cause: refusal
            )
        }
        return MartletError(.invalidArgument, refusal.error(what: "The webhook's URL").message, cause: refusal)
    }
}
