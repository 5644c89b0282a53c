import Core
import Egress

/// The address of a webhook, read with MLflow's texts.
enum WebhookURL {
    /// Reads an address.
    ///
    /// - Throws: `invalidArgument`.
    static func parse(_ text: String, policy: EgressPolicy) throws(MartletError) -> EgressURL {
        guard text.count <= WebhooksLimits.urlCharacters else {
            throw invalid(text, "it has more than \(WebhooksLimits.urlCharacters) characters")
        }
        let url: EgressURL
        do {
            url = try EgressURL(text)
        } catch {
            switch error {
            case .isEmpty:
                throw MartletError(
                    .invalidArgument,
                    "Webhook URL cannot be empty or just whitespace: '\(text.prefix(40))'"
                )
            case .hasScheme(let scheme): throw refused(scheme, policy)
            case .hasNoHost:
                throw MartletError(.invalidArgument, "Webhook URL must include a hostname: '\(text.prefix(200))'")
            default: throw invalid(text, error.description)
            }
        }
        guard policy.schemes.contains(url.scheme) else { throw refused(url.scheme, policy) }
        return url
    }

    private static func refused(_ scheme: String, _ policy: EgressPolicy) -> MartletError {
        MartletError(
            .invalidArgument,
            "Invalid webhook URL scheme: '\(scheme.prefix(40))'. Allowed schemes are: "
                + "\(policy.schemes.joined(separator: ", "))."
        )
    }

    private static func invalid(_ text: String, _ reason: String) -> MartletError {
        MartletError(.invalidArgument, "Invalid webhook URL '\(text.prefix(200))': \(reason).")
    }
}
