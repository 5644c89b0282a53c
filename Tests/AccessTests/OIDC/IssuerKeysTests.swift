import Access
import Core
import Crypto
import Egress
import Logging
import Synchronization
import TestSupport
import Testing

/// When an issuer's documents are read, and what happens while it is away.
@Suite struct IssuerKeysTests {
    private func fetches(_ issuer: TestIssuer) -> Int { issuer.state.withLock { $0.keySets } }

    @Test func keysThatAreNewAreFound() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            #expect(try await service.account(bearer: try issuer.token()) != nil)
            let next = IssuerKey.elliptic(P256.Signing.PrivateKey())
            try issuer.publish([("second", next)])
            let token = try issuer.token(key: next, header: ["alg": "ES256", "kid": "second"])
            // Not at once: somebody who invents keys must not make the server ask for each of them.
            #expect(await refusal { try await service.account(bearer: token) }?.contains("does not publish") == true)
            #expect(fetches(issuer) == 1)
            issuer.access.clock.advance(by: .seconds(OIDCLimits.refreshSeconds))
            #expect(try await service.account(bearer: token) != nil)
            #expect(fetches(issuer) == 2)
            // The key that was taken away does not count any more; its remembered tokens end by themselves.
            let old = try issuer.token(issuer.claims { $0["jti"] = "another" })
            #expect(await refusal { try await service.account(bearer: old) } != nil)
        }
    }

    @Test func inventedKeysCostOneQuestion() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            _ = try await service.account(bearer: try issuer.token())
            issuer.access.clock.advance(by: .seconds(OIDCLimits.refreshSeconds))
            for number in 0..<50 {
                let token = try issuer.token(header: ["alg": "ES256", "kid": .string("invented-\(number)")])
                #expect(await refusal { try await service.account(bearer: token) } != nil)
            }
            #expect(fetches(issuer) == 2)
        }
    }

    @Test func tokensWithoutTheNameOfAKey() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            #expect(try await service.account(bearer: try issuer.token(header: ["alg": "ES256"])) != nil)
            try issuer.publish([("first", issuer.elliptic), ("more", .elliptic(P256.Signing.PrivateKey()))])
            let other = try issuer.service()
            let token = try issuer.token(header: ["alg": "ES256"])
            #expect(await refusal { try await other.account(bearer: token) } != nil)
        }
    }

    @Test func anIssuerThatIsAway() async throws {
        try await TestIssuer.serving { issuer in
            let clock = issuer.access.clock
            let service = try issuer.service()
            issuer.state.withLock { $0.isAway = true }
            for _ in 0..<3 {
                let token = try issuer.token()
                #expect(await refusal { try await service.account(bearer: token) }?.hasPrefix("unavailable") == true)
            }
            #expect(issuer.state.withLock { $0.documents } == 1)
            issuer.state.withLock { $0.isAway = false }
            clock.advance(by: .seconds(OIDCLimits.retrySeconds))
            #expect(try await service.account(bearer: try issuer.token()) != nil)
            // Known keys are used while it is away, for a day.
            issuer.state.withLock { $0.isAway = true }
            clock.advance(by: .seconds(OIDCLimits.documentSeconds))
            let asked = issuer.state.withLock { $0.documents }
            for number in 0..<3 {
                let claims = issuer.claims { $0["n"] = .int(number) }
                #expect(try await service.account(bearer: try issuer.token(claims)) != nil)
            }
            #expect(issuer.state.withLock { $0.documents } == asked + 1)
            clock.advance(by: .seconds(OIDCLimits.staleSeconds - OIDCLimits.documentSeconds))
            let late = try issuer.token(issuer.claims { $0["n"] = "late" })
            #expect(await refusal { try await service.account(bearer: late) }?.hasPrefix("unavailable") == true)
        }
    }

    @Test func documentsAreReadAgainAfterAWhile() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            for _ in 0..<3 {
                _ = try await service.account(bearer: try issuer.token())
                issuer.access.clock.advance(by: .seconds(OIDCLimits.documentSeconds))
            }
            #expect(issuer.state.withLock { $0.documents } == 3)
        }
    }

    @Test func oneQuestionForAllWhoWait() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            let tokens = try (0..<20).map { number in try issuer.token(issuer.claims { $0["n"] = .int(number) }) }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for token in tokens { group.addTask { try await service.account(bearer: token) != nil } }
                for try await isKnown in group { #expect(isKnown) }
            }
            #expect(fetches(issuer) == 1)
        }
    }

    @Test func documentsThatAreNotBelieved() async throws {
        try await TestIssuer.serving { issuer in
            func outcome(_ change: (inout TestIssuer.State) -> Void) async throws -> String? {
                issuer.state.withLock { change(&$0) }
                let service = try issuer.service()
                let token = try issuer.token()
                return await refusal { try await service.account(bearer: token) }
            }
            #expect(try await outcome { $0.padding = OIDCLimits.documentBytes }?.contains("too long") == true)
            #expect(try await outcome { $0.padding = 0 } == nil)
            #expect(try await outcome { $0.issuer = "https://evil.example" }?.contains("another issuer") == true)
            // Keys that lie in the private network of the server, or in a file.
            for address in [
                "http://169.254.169.254/keys", "http://127.0.0.2/keys", "file:///etc/passwd", "gopher://x/",
            ] {
                let reason = try await outcome {
                    $0.issuer = nil
                    $0.extra = ["jwks_uri": .string(address)]
                }
                #expect(reason != nil, "\(address)")
            }
        }
    }

    @Test func keysThatAreLeftOut() async throws {
        let good = try IssuerKey.elliptic(P256.Signing.PrivateKey()).published(as: "k")
        let rsa = try IssuerKey.sharedRSA.get()
        let published = try IssuerKey.rsa(rsa, pss: false).published(as: "r")
        func count(_ key: JSONObject, _ change: (inout JSONObject) -> Void) async throws -> Int {
            var key = key
            change(&key)
            return try await VerificationKey.read(["keys": [.object(key)]]).count
        }
        #expect(try await count(good) { _ in } == 1)
        #expect(try await count(published) { _ in } == 2)
        #expect(try await count(published) { $0["alg"] = "RS256" } == 1)
        #expect(try await count(good) { $0["alg"] = "ES384" } == 0)
        #expect(try await count(good) { $0["use"] = "enc" } == 0)
        #expect(try await count(good) { $0["key_ops"] = ["encrypt"] } == 0)
        #expect(try await count(good) { $0["crv"] = "P-384" } == 0)
        #expect(try await count(good) { $0["x"] = "AAAA" } == 0)
        #expect(try await count(good) { $0["kty"] = "oct" } == 0)
        let long = Base64URL.encode([UInt8](repeating: 0xFF, count: OIDCLimits.modulusBytes + 1))
        #expect(try await count(published) { $0["n"] = .string(long) } == 0)
        let short = Base64URL.encode([UInt8](repeating: 0xFF, count: OIDCLimits.shortestModulusBytes - 1))
        #expect(try await count(published) { $0["n"] = .string(short) } == 0)
        let many = (0...OIDCLimits.keys).map { _ in JSONValue.object(good) }
        #expect(try await VerificationKey.read(["keys": .array(many)]).count == OIDCLimits.keys)
        await #expect(throws: MartletError.self) { try await VerificationKey.read(["key": []]) }
    }

    @Test func configurationsThatDoNotFit() async throws {
        let access = try await AccessFixture()
        func problem(_ issuers: [OIDCIssuer], _ policy: EgressPolicy = EgressPolicy()) async -> String? {
            await refusal {
                try OIDCService(
                    issuers: issuers,
                    egress: EgressClient(policy: policy),
                    directory: access.directory,
                    logger: Logger(label: "test")
                )
            }
        }
        func issuer(
            _ name: String = "a",
            _ url: String = "https://id.example",
            _ change: (inout OIDCIssuer) -> Void = { _ in }
        )
            -> OIDCIssuer
        {
            var issuer = OIDCIssuer(name: name, url: url)
            issuer.clientID = "martlet"
            change(&issuer)
            return issuer
        }
        #expect(await problem([issuer()]) == nil)
        #expect(await problem([issuer("a", "http://id.example")])?.contains("--egress-scheme") == true)
        #expect(await problem([issuer("a", "http://id.example")], EgressPolicy(schemes: ["http"])) == nil)
        #expect(await problem([issuer("A b")])?.contains("name") == true)
        #expect(await problem([issuer { $0.clientID = nil }])?.contains("audiences") == true)
        #expect(await problem([issuer { $0.algorithms = [] }])?.contains("algorithms") == true)
        #expect(await problem([issuer(), issuer()])?.contains("twice") == true)
        let github = issuer("gh", "https://token.actions.githubusercontent.com") { $0.audiences = ["martlet"] }
        #expect(await problem([github])?.contains("repository_owner") == true)
        let many = (0...OIDCLimits.issuers).map { issuer("i\($0)", "https://i\($0).example") }
        #expect(await problem(Array(many.dropLast())) == nil)
        #expect(await problem(many) != nil)
        let condition = ClaimCondition(claim: "a", values: ["b"])
        let full = Array(repeating: condition, count: OIDCLimits.conditions)
        #expect(await problem([issuer { $0.required = full }]) == nil)
        #expect(await problem([issuer { $0.required = full + [condition] }]) != nil)
    }
}
