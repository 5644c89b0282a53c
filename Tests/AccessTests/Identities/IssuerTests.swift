import Access
import Core
import HTTPSupport
import TestSupport
import Testing

/// People whom issuers vouch for, and what their groups make of them.
@Suite(.overEveryDatabase) struct IssuerTests {
    private static let issuer = "https://id.example.com"

    @Test func theFirstLogInMakesAnAccount() async throws {
        let fixture = try await AccessFixture()
        let directory = fixture.directory
        let first = try await directory.account(issuer: Self.issuer, subject: "7", name: "alice", groups: ["x"])
        #expect(first.name == "alice" && first.kind == .user && first.roles.isEmpty && !first.hasPassword)
        let versions = try await fixture.store.versions()
        let again = try await directory.account(issuer: Self.issuer, subject: "7", name: "other", groups: ["x"])
        #expect(again.id == first.id && again.name == "alice")
        // A log-in that changes nothing is not written as a change.
        #expect(try await fixture.store.versions() == versions)
        let stranger = try await directory.account(issuer: "https://evil", subject: "7", name: "bob", groups: [])
        #expect(stranger.id != first.id)
    }

    @Test func aNameIsNoProof() async throws {
        let fixture = try await AccessFixture()
        let root = try await fixture.user("root", isServerAdministrator: true)
        let issued = try await fixture.directory.account(issuer: Self.issuer, subject: "9", name: "ROOT", groups: [])
        #expect(issued.id != root.id && !issued.isServerAdministrator && issued.name.hasPrefix("ROOT-"))
        for (number, name) in ["", "://\u{0}", "Zoë Ünal", String(repeating: "n", count: 500)].enumerated() {
            let account = try await fixture.directory.account(
                issuer: Self.issuer,
                subject: "odd-\(number)",
                name: name,
                groups: []
            )
            try IdentityRules.checkAccountName(account.name)
        }
    }

    @Test func groupsBecomeRolesAndStopBeingThem() async throws {
        let fixture = try await AccessFixture()
        let (directory, store) = (fixture.directory, fixture.store)
        _ = try await store.createWorkspace(name: "team")
        try await store.setGroupRules([
            GroupRule(group: "ml", workspace: "team", role: .editor),
            GroupRule(issuer: Self.issuer, group: "leads", workspace: "team", role: .administrator),
            GroupRule(issuer: "https://other", group: "ml", workspace: "*", role: .administrator),
            GroupRule(issuer: Self.issuer, group: "ops", role: .viewer, isServerAdministrator: true),
        ])
        func login(_ groups: [String]) async throws -> Account {
            try await directory.account(issuer: Self.issuer, subject: "7", name: "alice", groups: groups)
        }
        #expect(try await login(["ml"]).roles == ["team": .editor])
        #expect(try await login(["ml", "leads"]).roles == ["team": .administrator])
        let account = try await login(["ops"])
        #expect(account.roles == ["*": .viewer] && account.isServerAdministrator)
        #expect(try await login([]).roles.isEmpty)
        #expect(directory.account(id: account.id)?.isServerAdministrator == false)
        // A role that somebody gave stays beside those of groups; the higher one counts.
        _ = try await store.setRole(.operator, of: account.id, in: "team")
        #expect(try await login(["ml"]).roles == ["team": .operator])
        // Rules that change are felt at once, without a new log-in.
        try await store.setGroupRules([GroupRule(group: "ml", workspace: "team", role: .administrator)])
        #expect(directory.account(id: account.id)?.roles == ["team": .administrator])
        try await store.setGroupRules([])
        #expect(directory.account(id: account.id)?.roles == ["team": .operator])
        #expect(await code { try await store.setGroupRules([GroupRule(group: "g", role: nil)]) } == .invalidArgument)
        let lost = GroupRule(group: "g", workspace: "no", role: .viewer)
        #expect(await code { try await store.setGroupRules([lost]) } == .notFound)
    }

    @Test func aLockedAccountStaysOut() async throws {
        let fixture = try await AccessFixture()
        let account = try await fixture.directory.account(issuer: Self.issuer, subject: "7", name: "a", groups: [])
        _ = try await fixture.store.updateAccount(account.id, AccountChange(isDisabled: true))
        let refused = await code {
            try await fixture.directory.account(issuer: Self.issuer, subject: "7", name: "a", groups: [])
        }
        #expect(refused == .unauthenticated)
    }
}
