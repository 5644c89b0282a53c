import Access
import Core
import HTTPSupport
import Storage
import TestSupport
import Testing

/// The named maxima, at and past them.
@Suite struct IdentityLimitsTests {
    @Test func namesOfAccounts() throws {
        let longest = String(repeating: "a", count: IdentityLimits.accountNameLength)
        for good in ["a", "Alice", "a.b_c@d+e-f", "7", longest] { try IdentityRules.checkAccountName(good) }
        for bad in ["", longest + "a", ".a", "-", "a b", "a:b", "a/b", "ä", "a\u{0}", "*", "a\nb"] {
            #expect(throws: MartletError.self, "\(bad)") { try IdentityRules.checkAccountName(bad) }
        }
    }

    @Test func namesOfWorkspaces() throws {
        let longest = String(repeating: "w", count: IdentityLimits.workspaceNameLength)
        let shortest = String(repeating: "w", count: IdentityLimits.workspaceNameMinimum)
        for good in [shortest, longest, "team-a", "0-9"] { try IdentityRules.checkWorkspaceName(good) }
        for bad in ["", "w", longest + "w", "-a", "a-", "Team", "a_b", "a.b", "*", "a b", "ä-ä", "../x"] {
            #expect(throws: MartletError.self, "\(bad)") { try IdentityRules.checkWorkspaceName(bad) }
        }
    }

    @Test func texts() throws {
        try IdentityRules.checkText(String(repeating: "x", count: IdentityLimits.textLength), "name")
        for bad in [String(repeating: "x", count: IdentityLimits.textLength + 1), "", "a\u{7}b", "a\nb"] {
            #expect(throws: MartletError.self) { try IdentityRules.checkText(bad, "name") }
        }
    }

    @Test func tokensOfAnAccount() async throws {
        let fixture = try await AccessFixture()
        let owner = try await fixture.store.createAccount(name: "bot", kind: .serviceAccount)
        try await fixture.database.write { connection in
            for number in 0..<(IdentityLimits.tokensPerAccount - 1) {
                try connection.execute(
                    """
                    INSERT INTO access_tokens (token_id, account_id, secret_hash, prefix, name, scopes, created_at)
                    VALUES (?, ?, ?, 'mlt_', 'n', 'read', 0)
                    """,
                    [.text("t\(number)"), .text(owner.id), .text(SecretHash(of: "s\(number)").text)]
                )
            }
        }
        _ = try await fixture.store.createToken(for: owner.id, NewToken(name: "last"))
        let refused = await code { try await fixture.store.createToken(for: owner.id, NewToken(name: "past")) }
        #expect(refused == .resourceExhausted)
    }

    @Test func accountsWorkspacesAndGrants() async throws {
        let fixture = try await AccessFixture()
        let owner = try await fixture.store.createAccount(name: "bot", kind: .serviceAccount)
        try await fixture.database.write { connection in
            for number in 0..<(IdentityLimits.accounts - 2) {
                try connection.execute(
                    """
                    INSERT INTO access_accounts (account_id, name, name_key, kind, is_server_administrator, is_disabled,
                        created_at) VALUES (?, ?, ?, 'user', 0, 0, 0)
                    """,
                    [.text("a\(number)"), .text("n\(number)"), .text("n\(number)")]
                )
            }
            for number in 0..<(IdentityLimits.workspaces - 2) {
                try connection.execute(
                    "INSERT INTO access_workspaces (name, description, created_at) VALUES (?, '', 0)",
                    [.text("w\(number)")]
                )
            }
            for number in 0..<(IdentityLimits.grantsPerWorkspace - 1) {
                try connection.execute(
                    """
                    INSERT INTO access_grants (grant_id, account_id, workspace, kind, resource, permissions, created_at)
                    VALUES (?, ?, 'default', 'experiment', ?, 'read', 0)
                    """,
                    [.text("g\(number)"), .text(owner.id), .text("\(number)")]
                )
            }
        }
        let store = fixture.store
        _ = try await store.createAccount(name: "last", kind: .user)
        #expect(await code { try await store.createAccount(name: "past", kind: .user) } == .resourceExhausted)
        _ = try await store.createWorkspace(name: "last")
        #expect(await code { try await store.createWorkspace(name: "past") } == .resourceExhausted)
        func grant(_ id: String) -> ResourceGrant {
            ResourceGrant(kind: .dataset, id: id, permissions: PermissionSet([.read]))
        }
        _ = try await store.putGrant(grant("last"), to: owner.id, in: "default")
        #expect(
            await code { try await store.putGrant(grant("past"), to: owner.id, in: "default") } == .resourceExhausted
        )
        // One that is there already can be changed still.
        _ = try await store.putGrant(grant("last"), to: owner.id, in: "default")
    }

    @Test func sessionsOfAnAccount() async throws {
        let fixture = try await AccessFixture()
        let owner = try await fixture.user("alice")
        let first = SessionSecret.make()
        try await fixture.store.createSession(fixture.session(owner, first))
        for _ in 1..<SessionLimits.sessionsPerAccount {
            fixture.clock.advance(by: .seconds(1))
            try await fixture.store.createSession(fixture.session(owner, SessionSecret.make()))
        }
        #expect(fixture.directory.account(session: first) != nil)
        fixture.clock.advance(by: .seconds(1))
        try await fixture.store.createSession(fixture.session(owner, SessionSecret.make()))
        #expect(fixture.directory.account(session: first) == nil)
        #expect(try await fixture.store.sessions(of: owner.id).count == SessionLimits.sessionsPerAccount)
    }

    @Test func groups() async throws {
        let fixture = try await AccessFixture()
        let rule = GroupRule(group: "g", role: .viewer)
        let most = [GroupRule](repeating: rule, count: IdentityLimits.groupRules)
        try await fixture.store.setGroupRules(most)
        #expect(await code { try await fixture.store.setGroupRules(most + [rule]) } == .resourceExhausted)
        // Of more groups than are looked at, the first count.
        let groups = (0..<IdentityLimits.groupsPerSubject).map { "x\($0)" }
        let past = try await fixture.store.account(issuer: "https://i", subject: "1", name: "a", groups: groups + ["g"])
        #expect(past.roles.isEmpty)
        let within = try await fixture.store.account(
            issuer: "https://i",
            subject: "2",
            name: "b",
            groups: ["g"] + groups
        )
        #expect(within.roles == ["*": .viewer])
    }

    @Test func oldTokensAreRemoved() async throws {
        let fixture = try await AccessFixture()
        let owner = try await fixture.user("alice")
        let end = fixture.clock.now + .seconds(60)
        _ = try await fixture.store.createToken(for: owner.id, NewToken(name: "t", expiresAt: end))
        fixture.clock.advance(by: .seconds(59 + IdentityLimits.expiredTokenDays * 86_400))
        #expect(try await fixture.store.purge() == 0)
        fixture.clock.advance(by: .seconds(1))
        #expect(try await fixture.store.purge() == 1)
    }

    @Test func passwordsThatWait() async throws {
        let fixture = try await AccessFixture()
        let outcome = await withTaskGroup(of: MartletError.Code?.self) { group in
            // Every question is of another name and address, so that nothing but the line is full.
            for number in 0..<(IdentityLimits.waitingPasswordChecks * 20) {
                group.addTask {
                    await code {
                        try await fixture.directory.account(
                            name: "n\(number)",
                            password: "wrong horse battery",
                            from: "10.0.\(number / 250).\(number % 250)"
                        )
                    }
                }
            }
            return await group.reduce(into: [MartletError.Code: Int]()) { counts, code in
                if let code { counts[code, default: 0] += 1 }
            }
        }
        #expect(Set(outcome.keys).isSubset(of: [.unauthenticated, .resourceExhausted]))
        #expect(outcome[.unauthenticated, default: 0] >= IdentityLimits.passwordChecks)
    }

    @Test func whatIsKnownIsBounded() {
        // What the other suites reach by their behaviour, and figures that must fit together.
        #expect(IdentityLimits.passwordCacheEntries >= 1000)
        #expect(IdentityLimits.usesPerWrite <= 1000)
        #expect(IdentityLimits.purgeSeconds > IdentityLimits.useWriteSeconds)
        #expect(IdentityLimits.bodyBytes > IdentityLimits.groupRules * 100)
        #expect(IdentityLimits.addressWaitSeconds < IdentityLimits.pairWaitSeconds)
        #expect(IdentityLimits.nameFreeFailures >= IdentityLimits.freeFailures)
    }
}
