import Access
import Core
import Egress
import Server
import Testing

/// Who may be asked and who is believed, by flag, variable and file.
@Suite struct EgressSettingsTests {
    private func resolved(
        _ environment: [String: String] = [:],
        _ file: JSONObject? = nil,
        _ change: (inout ServerSettings.Flags) -> Void = { _ in }
    ) throws -> ServerSettings {
        var flags = ServerSettings.Flags()
        change(&flags)
        return try ServerSettings.resolve(flags: flags, environment: environment, file: file)
    }

    @Test func nothingIsAllowedByDefault() throws {
        #expect(try resolved().egress.policy == EgressPolicy())
        #expect(try resolved().oidc.issuers.isEmpty)
    }

    @Test func flagBeforeVariableBeforeFile() throws {
        let file: JSONObject = [
            "egress_schemes": ["http"], "egress_allow_hosts": ["a.example"], "egress_allow_private": ["10.0.0.0/8"],
        ]
        let environment = [
            "MARTLET_EGRESS_SCHEMES": "https, http", "MARTLET_EGRESS_ALLOW_HOSTS": "b.example,*.c.example",
            "MARTLET_EGRESS_ALLOW_PRIVATE": "all",
        ]
        let written = try resolved([:], file).egress.policy
        #expect(written.schemes == ["http"])
        #expect(written.hosts == [try HostPattern("a.example")])
        #expect(written.inner == .ranges([try #require(AddressRange("10.0.0.0/8"))]))
        let named = try resolved(environment, file).egress.policy
        #expect(named.schemes == ["https", "http"] && named.hosts.count == 2 && named.inner == .allowed)
        let flagged = try resolved(environment, file) {
            $0.egress.schemes = ["HTTPS"]
            $0.egress.hosts = ["d.example"]
            $0.egress.ranges = ["none"]
        }.egress.policy
        #expect(flagged == EgressPolicy(hosts: [try HostPattern("d.example")]))
    }

    @Test(arguments: [
        ("MARTLET_EGRESS_SCHEMES", "ftp"), ("MARTLET_EGRESS_SCHEMES", ""), ("MARTLET_EGRESS_ALLOW_HOSTS", "a/b"),
        ("MARTLET_EGRESS_ALLOW_PRIVATE", "10.0.0.0/99"), ("MARTLET_EGRESS_ALLOW_PRIVATE", "all,10.0.0.0/8"),
        ("MARTLET_OIDC_CLIENT_ID", "x"), ("MARTLET_OTLP_ENDPOINT", "ftp://a"),
    ])
    func whatCannotBeRead(_ name: String, _ value: String) {
        #expect(throws: MartletError.self) { try resolved([name: value]) }
    }

    @Test func listsAreBounded() throws {
        let hosts = (0..<EgressLimits.hostPatterns).map { "h\($0).example" }
        #expect(try resolved { $0.egress.hosts = hosts }.egress.policy.hosts.count == EgressLimits.hostPatterns)
        #expect(throws: MartletError.self) { try resolved { $0.egress.hosts = hosts + ["more.example"] } }
        let ranges = Array(repeating: "10.0.0.0/8", count: EgressLimits.ranges)
        #expect(try resolved { $0.egress.ranges = ranges }.egress.policy.inner != .refused)
        #expect(throws: MartletError.self) { try resolved { $0.egress.ranges = ranges + ["fd00::/8"] } }
    }

    @Test func webhooksKeepTheirOwn() throws {
        #expect(try resolved().webhooks.schemes == nil)
        #expect(try resolved(["MARTLET_WEBHOOK_SCHEMES": "http"]).webhooks.schemes == ["http"])
        #expect(throws: MartletError.self) { try resolved(["MARTLET_WEBHOOK_SCHEMES": "ftp"]) }
    }

    @Test func providersOfTheFile() throws {
        let github: JSONObject = [
            "name": "github", "issuer": "https://token.actions.githubusercontent.com", "audiences": ["martlet"],
            "require": ["repository_owner": "acme"], "subject_claim": "repository", "algorithms": ["RS256"],
            "claim_groups": [["when": ["repository": ["acme/a", "acme/b"]], "groups": ["ci"]]],
        ]
        let corp: JSONObject = [
            "name": "corp", "issuer": "https://id.example", "client_id": "martlet", "client_secret_env": "CORP",
            "scopes": ["openid", "groups"], "groups_claim": "realm_access.roles", "label": "Example Corp",
        ]
        let file: JSONObject = ["oidc": [.object(github), .object(corp)]]
        let issuers = try resolved(["CORP": "secret", "MARTLET_OIDC_ISSUER": "https://b.example"], file) {
            $0.oidc.audiences = ["x"]
        }.oidc.issuers
        #expect(issuers.map(\.name) == ["github", "corp", "oidc"])
        #expect(issuers[0].required == [ClaimCondition(claim: "repository_owner", values: ["acme"])])
        #expect(issuers[0].claimGroups.first?.groups == ["ci"] && issuers[0].algorithms == [.rs256])
        #expect(issuers[1].clientSecret == "secret" && issuers[1].label == "Example Corp")
        #expect(issuers[1].groupsClaim == "realm_access.roles" && issuers[1].scopes == ["openid", "groups"])
        #expect(issuers[2].audiences == ["x"] && issuers[2].clientID == nil)
        // The secret must be there, and nothing may be misspelt or left out.
        #expect(throws: MartletError.self) { try resolved([:], file) }
        let wrong: [(String, JSONValue)] = [
            ("client_secret", "x"), ("algorithms", ["HS256"]), ("algorithms", ["none"]), ("require", ["a": 1]),
            ("require", ["a": []]), ("claim_groups", [["groups": ["x"]]]), ("client_secret_file", "/nowhere/secret"),
        ]
        for (key, value) in wrong {
            var changed = corp
            changed[key] = value
            #expect(throws: MartletError.self, "\(key)") { try resolved(["CORP": "s"], ["oidc": [.object(changed)]]) }
        }
    }
}
