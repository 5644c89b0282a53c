import Access
import Core
import Crypto
import CryptoExtras
import Foundation
import HTTPSupport
import Synchronization
import TestSupport
import Testing

/// Tokens that machines show: what is believed and what is not.
@Suite struct BearerTokenTests {
    @Test func everyAlgorithmThatIsAccepted() async throws {
        try await TestIssuer.serving { issuer in
            let rsa = try IssuerKey.sharedRSA.get()
            let keys: [(String, IssuerKey)] = [
                ("r", .rsa(rsa, pss: false)), ("p", .rsa(rsa, pss: true)), ("e", issuer.elliptic),
                ("o", .edwards(Curve25519.Signing.PrivateKey())),
            ]
            try issuer.publish(keys)
            let service = try issuer.service()
            for (id, key) in keys {
                let token = try issuer.token(key: key, header: ["alg": .string(key.algorithm), "kid": .string(id)])
                let account = try await service.account(bearer: token)
                #expect(account?.name == "alice", "\(key.algorithm)")
            }
            #expect(issuer.state.withLock { $0.keySets } == 1)
            // One accepted algorithm is no other.
            let narrow = try issuer.service { $0.algorithms = [.es256] }
            let token = try issuer.token(key: keys[0].1, header: ["alg": "RS256", "kid": "r"])
            #expect(await refusal { try await narrow.account(bearer: token) }?.contains("not accepted") == true)
        }
    }

    @Test func tokensThatChooseHowTheyAreChecked() async throws {
        try await TestIssuer.serving { issuer in
            let rsa = try IssuerKey.sharedRSA.get()
            try issuer.publish([("first", issuer.elliptic), ("r", .rsa(rsa, pss: false))])
            let service = try issuer.service()
            let claims = TestIssuer.part(issuer.claims())
            for name in ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "RS384", "RSA-OAEP", "es256"] {
                let head = TestIssuer.part(["alg": .string(name), "kid": "first", "typ": "JWT"])
                let published = try issuer.elliptic.published(as: "first")
                // The public key is public: whoever has it must not be able to sign with it.
                let secrets = [
                    JSONValue.object(published).serialized(), Array(rsa.publicKey.pemRepresentation.utf8),
                    Array(rsa.publicKey.derRepresentation),
                ]
                for secret in secrets {
                    let code = HMAC<SHA256>.authenticationCode(
                        for: Array("\(head).\(claims)".utf8),
                        using: SymmetricKey(data: secret)
                    )
                    let token = "\(head).\(claims).\(Base64URL.encode(code))"
                    #expect(await refusal { try await service.account(bearer: token) } != nil, "\(name)")
                }
                let bare = try await service.account(bearer: "\(head).\(claims).")
                #expect(bare == nil, "\(name)")
            }
            // A key is used for the algorithm that it is for, whatever the token says.
            for (name, id) in [("RS256", "first"), ("ES256", "r"), ("EdDSA", "first"), ("PS256", "r")] {
                let token = try issuer.token(header: ["alg": .string(name), "kid": .string(id)])
                #expect(await refusal { try await service.account(bearer: token) } != nil, "\(name) \(id)")
            }
            #expect(issuer.access.directory.accounts.isEmpty)
        }
    }

    @Test func claimsThatAreNotBelieved() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            let now = issuer.access.clock.clock.now.milliseconds / 1000
            let skew = Int64(OIDCLimits.skewSeconds)
            let wrong: [(String, JSONValue?)] = [
                ("aud", "other"), ("aud", ["other", "martlet"]), ("aud", nil), ("aud", 7), ("aud", []),
                ("exp", .integer(now - skew)), ("exp", nil), ("exp", "tomorrow"), ("exp", .number(1e300)),
                ("exp", .bool(true)), ("exp", .integer(.max)), ("nbf", .integer(now + skew + 1)), ("nbf", "x"),
                ("iat", .integer(now + skew + 1)), ("sub", nil), ("sub", ""), ("sub", ["a", "b"]),
                ("sub", .string(String(repeating: "x", count: 256))),
            ]
            for (name, value) in wrong {
                let token = try issuer.token(issuer.claims { $0[name] = value })
                let reason = await refusal { try await service.account(bearer: token) }
                #expect(reason?.hasPrefix("The token is not accepted") == true, "\(name) \(String(describing: value))")
            }
            let fine: [(String, JSONValue?)] = [
                ("aud", ["x", "ci"]), ("exp", .integer(now - skew + 1)), ("nbf", .integer(now + skew)), ("iat", nil),
                ("exp", .number(Double(now) + 10.5)),
            ]
            for (name, value) in fine {
                let token = try issuer.token(issuer.claims { $0[name] = value })
                #expect(await refusal { try await service.account(bearer: token) } == nil, "\(name)")
            }
            // Somebody else's token is not ours to judge, and so is a token of an issuer that has no audiences.
            let foreign = try issuer.token(issuer.claims { $0["iss"] = "https://evil.example" })
            #expect(try await service.account(bearer: foreign) == nil)
            let login = try issuer.service { $0.audiences = [] }
            #expect(try await login.account(bearer: try issuer.token()) == nil)
        }
    }

    @Test func tokensThatWereTamperedWith() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            let parts = try issuer.token().split(separator: ".").map(String.init)
            let other = TestIssuer.part(issuer.claims { $0["groups"] = ["administrators"] })
            let stranger = try issuer.token(key: .elliptic(P256.Signing.PrivateKey()))
            let cut = Base64URL.decode(parts[2]).map { Base64URL.encode($0.dropLast()) } ?? ""
            for token in ["\(parts[0]).\(other).\(parts[2])", stranger, "\(parts[0]).\(parts[1]).\(cut)"] {
                #expect(await refusal { try await service.account(bearer: token) }?.contains("signature") == true)
            }
            let zero = Base64URL.encode([UInt8](repeating: 0, count: 64))
            #expect(await refusal { try await service.account(bearer: "\(parts[0]).\(parts[1]).\(zero)") } != nil)
        }
    }

    @Test func textsThatAreNoTokens() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            let claims = TestIssuer.part(issuer.claims())
            let head = TestIssuer.part(["alg": "ES256"])
            let deep = Base64URL.encode(Array((String(repeating: "[", count: 5000)).utf8))
            let twice = Base64URL.encode(Array(#"{"alg":"ES256","alg":"none"}"#.utf8))
            let texts = [
                "", ".", "..", "...", "a.b.c", "\(head).\(claims)", "\(head).\(claims).AA.AA", "\(head).\(claims).A",
                "\(head)=.\(claims).AA", "\(head).\(claims).A+/A", "\(deep).\(claims).AAAA", "\(head).\(deep).AAAA",
                "\(twice).\(claims).AAAA", "é.é.é", "\(TestIssuer.part([:])).\(claims).AAAA",
                "\(TestIssuer.part(["alg": 1])).\(claims).AAAA",
                "\(TestIssuer.part(["alg": "ES256", "crit": ["x"], "x": 1])).\(claims).AAAA",
                "\(TestIssuer.part(["alg": "ES256", "kid": 7])).\(claims).AAAA",
                "\(TestIssuer.part(["alg": "ES256", "typ": "logout+jwt"])).\(claims).AAAA",
            ]
            for text in texts { #expect(try await service.account(bearer: text) == nil, "\(text.prefix(60))") }
            #expect(issuer.state.withLock { $0.documents } == 0)
        }
    }

    @Test func hugeTokens() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            let small = try issuer.token(issuer.claims { $0["x"] = "" }).utf8.count
            // Three bytes become four characters.
            let room = (OIDCLimits.tokenBytes - small) / 4 * 3
            let fits = try issuer.token(issuer.claims { $0["x"] = .string(String(repeating: "x", count: room - 3)) })
            #expect(fits.utf8.count <= OIDCLimits.tokenBytes)
            #expect(try await service.account(bearer: fits) != nil)
            let large = try issuer.token(issuer.claims { $0["x"] = .string(String(repeating: "x", count: room + 6)) })
            #expect(large.utf8.count > OIDCLimits.tokenBytes)
            #expect(try await service.account(bearer: large) == nil)
        }
    }

    @Test func checkedTokensAreRemembered() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            let token = try issuer.token()
            #expect(service.cachedAccount(bearer: token) == nil)
            let account = try #require(try await service.account(bearer: token))
            #expect(service.cachedAccount(bearer: token)?.id == account.id)
            issuer.access.clock.advance(by: .seconds(301))
            #expect(service.cachedAccount(bearer: token) == nil)
            let long = try issuer.token(issuer.claims { $0["exp"] = .integer(9_000_000_000) })
            _ = try await service.account(bearer: long)
            issuer.access.clock.advance(by: .seconds(OIDCLimits.verifiedSeconds - 1))
            #expect(service.cachedAccount(bearer: long) != nil)
            issuer.access.clock.advance(by: .seconds(1))
            #expect(service.cachedAccount(bearer: long) == nil)
            // Whoever is locked out is out at once.
            _ = try await service.account(bearer: long)
            var change = AccountChange()
            change.isDisabled = true
            _ = try await issuer.access.administration.update(account.name, .user, change, by: .localUser)
            #expect(service.cachedAccount(bearer: long) == nil)
            #expect(await refusal { try await service.account(bearer: long) }?.contains("locked") == true)
        }
    }

    @Test func moreTokensThanAreRemembered() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            for number in 0..<(OIDCLimits.verifiedTokens + 8) {
                _ = try await service.account(bearer: try issuer.token(issuer.claims { $0["n"] = .int(number) }))
            }
            #expect(service.verifiedCount == OIDCLimits.verifiedTokens)
        }
    }

    @Test func machinesAreWhoTheirClaimsSay() async throws {
        try await TestIssuer.serving { issuer in
            _ = try await issuer.access.store.createWorkspace(name: "team")
            try await issuer.access.store.setGroupRules([GroupRule(group: "ci", workspace: "team", role: .operator)])
            let service = try issuer.service {
                $0.required = [ClaimCondition(claim: "repository_owner", values: ["acme"])]
                $0.claimGroups = [
                    ClaimGroups(
                        conditions: [
                            ClaimCondition(claim: "repository", values: ["acme/models"]),
                            ClaimCondition(claim: "ref", values: ["refs/heads/main", "refs/tags/v*"]),
                        ],
                        groups: ["ci"]
                    )
                ]
                $0.subjectClaim = "repository"
                $0.nameClaims = ["repository"]
            }
            func account(_ repository: String, _ ref: String, owner: String = "acme") async throws -> Account? {
                let claims = issuer.claims {
                    $0["repository"] = .string(repository)
                    $0["repository_owner"] = .string(owner)
                    $0["ref"] = .string(ref)
                    $0["preferred_username"] = nil
                    $0["groups"] = nil
                }
                return try await service.account(bearer: try issuer.token(claims))
            }
            #expect(try await account("acme/models", "refs/heads/main")?.roles == ["team": .operator])
            #expect(try await account("acme/models", "refs/tags/v1")?.roles == ["team": .operator])
            #expect(try await account("acme/models", "refs/heads/evil")?.roles == [:])
            #expect(try await account("acme/other", "refs/heads/main")?.roles == [:])
            let reason = await refusal { try await account("evil/models", "refs/heads/main", owner: "evil") }
            #expect(reason?.contains("repository_owner") == true)
        }
    }
}
