package import Core
import JWTKit

/// A public key of a provider, for one algorithm.
package struct VerificationKey: Sendable {
    /// Its name; nil when the provider gives none.
    package let id: String?
    /// What it checks.
    package let algorithm: SigningAlgorithm
    private let verifier: any JWTAlgorithm

    /// The keys of a JSON Web Key Set (RFC 7517) that can check tokens; others are left out.
    ///
    /// - Throws: `dataLoss` when it is no key set.
    package static func read(_ document: JSONValue) async throws(MartletError) -> [VerificationKey] {
        guard let keys = document["keys"]?.arrayValue else {
            throw MartletError(.dataLoss, "The identity provider's key set has no 'keys'.")
        }
        var found: [VerificationKey] = []
        for key in keys.prefix(OIDCLimits.keys) {
            guard let fields = key.objectValue else { continue }
            for algorithm in SigningAlgorithm.allCases {
                if let key = await VerificationKey(fields, algorithm) { found.append(key) }
            }
        }
        return found
    }

    /// The key for an algorithm; nil when it is not for that one.
    private init?(_ fields: JSONObject, _ algorithm: SigningAlgorithm) async {
        func text(_ name: String) -> String? { fields[name]?.stringValue }
        if let use = fields["use"], use.stringValue != "sig" { return nil }
        if let operations = fields["key_ops"]?.arrayValue, !operations.contains("verify") { return nil }
        if let declared = fields["alg"], declared.stringValue != algorithm.rawValue { return nil }
        let name = JWKIdentifier(string: "key")
        let key: JWK
        switch (algorithm, text("kty"), text("crv")) {
        case (.rs256, "RSA"?, _), (.ps256, "RSA"?, _):
            guard let modulus = text("n"), let exponent = text("e"), let bytes = Base64URL.decode(modulus),
                (OIDCLimits.shortestModulusBytes...OIDCLimits.modulusBytes).contains(bytes.count),
                let power = Base64URL.decode(exponent), (1...8).contains(power.count)
            else { return nil }
            key = .rsa(algorithm == .rs256 ? .rs256 : .ps256, identifier: name, modulus: modulus, exponent: exponent)
        case (.es256, "EC"?, "P-256"?):
            guard let x = text("x"), let y = text("y") else { return nil }
            key = .ecdsa(.es256, identifier: name, x: x, y: y, curve: .p256)
        case (.eddsa, "OKP"?, "Ed25519"?):
            guard let x = text("x") else { return nil }
            key = .octetKeyPair(.eddsa, identifier: name, x: x, y: nil, curve: .ed25519)
        default: return nil
        }
        do {
            let collection = JWTKeyCollection()
            try await collection.add(jwk: key)
            verifier = try await collection.getKey(for: name, alg: algorithm.rawValue)
        } catch {
            return nil
        }
        // What the library made of the key must be what was asked for, and nothing weaker.
        guard verifier.name == algorithm.rawValue else { return nil }
        self.algorithm = algorithm
        id = text("kid")
    }

    /// Whether the token was signed with the key's other half.
    package func signed(_ token: JSONWebToken) -> Bool {
        (try? verifier.verify(token.signature, signs: token.signed)) ?? false
    }
}
