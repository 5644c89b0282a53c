/// The ways in which a provider may sign tokens: all with a key pair.
///
/// There is neither `none` nor an HMAC: whoever can check an HMAC can also make one.
package enum SigningAlgorithm: String, Sendable, CaseIterable {
    /// RSA with PKCS #1 v1.5 and SHA-256.
    case rs256 = "RS256"
    /// RSA with PSS and SHA-256.
    case ps256 = "PS256"
    /// ECDSA over P-256 with SHA-256.
    case es256 = "ES256"
    /// Ed25519.
    case eddsa = "EdDSA"
}
