import Core
import Egress

/// What a provider says of itself (OpenID Connect Discovery).
struct ProviderDocument: Sendable {
    /// Where browsers log in; nil when nobody can.
    let authorization: EgressURL?
    /// Where codes are exchanged.
    let token: EgressURL?
    /// Where the keys are.
    let keys: EgressURL
    /// Whether the client's secret goes into the body, because the provider does not take it in the header.
    let wantsSecretInBody: Bool
    /// Whether the way back from a login must name the issuer (RFC 9207).
    let namesIssuer: Bool

    /// Reads the document of an issuer.
    ///
    /// - Throws: `dataLoss` with what is wrong.
    init(_ value: JSONValue, issuer: OIDCIssuer) throws(MartletError) {
        guard value["issuer"]?.stringValue == issuer.url else {
            throw Self.wrong(issuer, "it is the document of another issuer; write the address exactly as it does")
        }
        guard let keys = try Self.url(value, "jwks_uri", issuer) else {
            throw Self.wrong(issuer, "it has no 'jwks_uri'")
        }
        self.keys = keys
        authorization = try Self.url(value, "authorization_endpoint", issuer)
        token = try Self.url(value, "token_endpoint", issuer)
        let methods = (value["token_endpoint_auth_methods_supported"]?.arrayValue ?? []).compactMap(\.stringValue)
        wantsSecretInBody = methods.contains("client_secret_post") && !methods.contains("client_secret_basic")
        namesIssuer = value["authorization_response_iss_parameter_supported"]?.boolValue ?? false
    }

    /// Endpoints are as protected on the way as the issuer itself.
    private static func url(
        _ value: JSONValue,
        _ name: String,
        _ issuer: OIDCIssuer
    ) throws(MartletError) -> EgressURL? {
        guard let text = value[name]?.stringValue else { return nil }
        guard let url = try? EgressURL(text), url.scheme == "https" || issuer.url.lowercased().hasPrefix("http://")
        else {
            throw wrong(issuer, "its '\(name)' is no https:// address")
        }
        return url
    }

    private static func wrong(_ issuer: OIDCIssuer, _ reason: String) -> MartletError {
        MartletError(.dataLoss, "What the identity provider '\(issuer.name)' says of itself cannot be used: \(reason).")
    }
}
