package import Core

/// What a token must say to be believed, once its signature is right.
package enum TokenRules {
    /// What the token was made for.
    package enum Purpose: Sendable, Equatable {
        /// The login of a browser, which began with this nonce.
        case login(nonce: String)
        /// A request by itself.
        case bearer
    }

    /// Who a token is about.
    package struct Subject: Sendable, Equatable {
        /// What the issuer calls them and never changes.
        package let id: String
        /// What they may be called here.
        package let name: String
        /// Their groups, those of the claim and those that other claims give.
        package let groups: [String]
        /// When the token ends.
        package let expiresAt: Timestamp
    }

    /// Checks the claims.
    ///
    /// - Throws: `unauthenticated` with what is wrong.
    package static func subject(
        of claims: JSONObject,
        issuer: OIDCIssuer,
        purpose: Purpose,
        now: Timestamp
    ) throws(MartletError) -> Subject {
        guard claims["iss"]?.stringValue == issuer.url else { throw refused("it is from another issuer") }
        try checkAudience(claims, issuer, purpose)
        let skew = Duration.seconds(OIDCLimits.skewSeconds)
        guard let expiresAt = try time(claims, "exp") else { throw refused("it has no 'exp'") }
        guard now < expiresAt + skew else { throw refused("it has expired") }
        if let start = try time(claims, "nbf"), now + skew < start { throw refused("it is not valid yet") }
        if let made = try time(claims, "iat"), now + skew < made { throw refused("it was made in the future") }
        for condition in issuer.required where !condition.isMet(by: claims) {
            throw refused("its claim '\(condition.claim)' is none that is accepted here")
        }
        let texts = ClaimCondition.texts(ClaimCondition.value(issuer.subjectClaim, in: claims))
        guard texts.count == 1, let id = texts.first, (1...255).contains(id.utf8.count) else {
            throw refused("its claim '\(issuer.subjectClaim)' does not say who it is about")
        }
        let name = issuer.nameClaims.lazy.compactMap { ClaimCondition.texts(claims[$0]).first }.first { !$0.isEmpty }
        return Subject(id: id, name: name ?? id, groups: groups(claims, issuer), expiresAt: expiresAt)
    }

    private static func checkAudience(
        _ claims: JSONObject,
        _ issuer: OIDCIssuer,
        _ purpose: Purpose
    ) throws(MartletError) {
        let audiences: [String]
        switch claims["aud"] {
        case .string(let one)?: audiences = [one]
        case .array(let several)?: audiences = several.compactMap(\.stringValue)
        default: throw refused("it has no 'aud'")
        }
        switch purpose {
        case .bearer:
            guard audiences.contains(where: issuer.audiences.contains) else {
                throw refused("it is for another audience")
            }
        case .login(let nonce):
            guard let client = issuer.clientID, audiences.contains(client) else {
                throw refused("it is for another audience")
            }
            let party = claims["azp"]?.stringValue
            guard claims["azp"] == nil || party == client, audiences.count == 1 || party == client else {
                throw refused("it was made for another client")
            }
            guard !nonce.isEmpty, claims["nonce"]?.stringValue == nonce else {
                throw refused("it belongs to another login")
            }
        }
    }

    private static func groups(_ claims: JSONObject, _ issuer: OIDCIssuer) -> [String] {
        var groups = ClaimCondition.texts(ClaimCondition.value(issuer.groupsClaim, in: claims))
        for rule in issuer.claimGroups where rule.conditions.allSatisfy({ $0.isMet(by: claims) }) {
            groups += rule.groups
        }
        var seen: Set<String> = []
        return Array(groups.filter { !$0.isEmpty && seen.insert($0).inserted }.prefix(OIDCLimits.groups))
    }

    /// Seconds since 1970, whole or not.
    private static func time(_ claims: JSONObject, _ name: String) throws(MartletError) -> Timestamp? {
        guard let value = claims[name] else { return nil }
        let seconds: Double
        switch value {
        case .integer(let number): seconds = Double(number)
        case .number(let number): seconds = number
        default: throw refused("its '\(name)' is no time")
        }
        guard let milliseconds = Int64(exactly: (seconds * 1000).rounded(.down)), abs(milliseconds) < 1 << 52 else {
            throw refused("its '\(name)' is no time")
        }
        return Timestamp(milliseconds: milliseconds)
    }

    static func refused(_ reason: String) -> MartletError {
        MartletError(.unauthenticated, "The token is not accepted: \(reason).")
    }
}
