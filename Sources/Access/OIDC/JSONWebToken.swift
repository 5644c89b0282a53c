package import Core

/// A signed token in its compact form (RFC 7515), taken apart and not yet believed.
package struct JSONWebToken: Sendable {
    /// How it says it is signed.
    package let algorithm: String
    /// The name of the key that it says it is signed with.
    package let keyID: String?
    /// What it says.
    package let claims: JSONObject
    /// What the signature is over.
    let signed: [UInt8]
    let signature: [UInt8]

    /// Takes a token apart; nil when it is none.
    ///
    /// One that wants an extension to be understood is none either, nor one that is made for another purpose.
    package init?(_ text: String) {
        guard text.utf8.count <= OIDCLimits.tokenBytes else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let signature = Base64URL.decode(parts[2]), !signature.isEmpty
        else { return nil }
        guard let algorithm = head["alg"]?.stringValue, head["crit"] == nil, head["b64"] == nil else { return nil }
        if let type = head["typ"] {
            let known = ["jwt", "at+jwt", "application/jwt", "application/at+jwt"]
            guard let name = type.stringValue?.lowercased(), known.contains(name) else { return nil }
        }
        if let keyID = head["kid"], keyID.stringValue == nil { return nil }
        self.algorithm = algorithm
        self.claims = claims
        self.signature = signature
        keyID = head["kid"]?.stringValue
        signed = Array("\(parts[0]).\(parts[1])".utf8)
    }

    private static func object(_ part: Substring) -> JSONObject? {
        guard let bytes = Base64URL.decode(part) else { return nil }
        return (try? JSONValue.parse(bytes))?.objectValue
    }

    /// Whom the token says it is from.
    package var issuer: String? { claims["iss"]?.stringValue }
}
