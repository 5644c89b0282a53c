import Access
import Core
import HTTPSupport
import Storage
import TestSupport
import Testing

/// What the database must keep true, over each kind of database.
@Suite(.overEveryDatabase) struct AccessStoreTests {
    @Test func accounts() async throws {
        let fixture = try await AccessFixture()
        let store = fixture.store
        let made = try await store.createAccount(name: "Alice", kind: .user, roles: ["default": .editor, "*": .viewer])
        #expect(made.name == "Alice" && made.kind == .user && !made.hasPassword && !made.isDisabled)
        #expect(made.roles == ["default": .editor, "*": .viewer])
        #expect(made.createdAt == fixture.clock.now)
        #expect(await code { try await store.createAccount(name: "aLICE", kind: .serviceAccount) } == .alreadyExists)
        let bot = try await store.createAccount(name: "bot", kind: .serviceAccount)
        #expect(await code { try await store.updateAccount(bot.id, AccountChange(name: "ALICE")) } == .alreadyExists)
        let renamed = try await store.updateAccount(made.id, AccountChange(name: "ALICE", isDisabled: true))
        #expect(renamed.name == "ALICE" && renamed.isDisabled && renamed.id == made.id)
        try await store.deleteAccount(made.id)
        #expect(await code { try await store.deleteAccount(made.id) } == .notFound)
        #expect(await code { try await store.updateAccount(made.id, AccountChange()) } == .notFound)
        #expect(fixture.directory.accounts.map(\.name) == ["bot"])
        #expect(
            await code { try await store.createAccount(name: "x", kind: .user, roles: ["no": .viewer]) } == .notFound
        )
        #expect(fixture.directory.accounts.map(\.name) == ["bot"])
    }

    @Test func theLastAdministratorStays() async throws {
        let fixture = try await AccessFixture()
        let store = fixture.store
        let first = try await store.createAccount(name: "a", kind: .user, isServerAdministrator: true)
        let changes = [AccountChange(isServerAdministrator: false), AccountChange(isDisabled: true)]
        for change in changes {
            #expect(await code { try await store.updateAccount(first.id, change) } == .failedPrecondition)
        }
        #expect(await code { try await store.deleteAccount(first.id) } == .failedPrecondition)
        #expect(fixture.directory.account(id: first.id)?.isServerAdministrator == true)
        let second = try await store.createAccount(name: "b", kind: .user, isServerAdministrator: true)
        _ = try await store.updateAccount(first.id, AccountChange(isDisabled: true))
        #expect(await code { try await store.deleteAccount(second.id) } == .failedPrecondition)
        // A locked administrator is not one who is left; removing the locked one is no loss.
        try await store.deleteAccount(first.id)
        // Membership in a group can be taken by the issuer, and does not count.
        try await store.setGroupRules([GroupRule(group: "root", role: nil, isServerAdministrator: true)])
        let issued = try await store.account(issuer: "https://i", subject: "1", name: "c", groups: ["root"])
        #expect(issued.isServerAdministrator)
        #expect(await code { try await store.deleteAccount(second.id) } == .failedPrecondition)
    }

    @Test func tokens() async throws {
        let fixture = try await AccessFixture()
        let (store, directory) = (fixture.store, fixture.directory)
        let owner = try await store.createAccount(name: "bot", kind: .serviceAccount)
        let end = fixture.clock.now + .seconds(60)
        let (token, secret) = try await store.createToken(
            for: owner.id,
            NewToken(
                name: "ci",
                scopes: PermissionSet([.read]),
                workspace: "default",
                expiresAt: end,
                ratePerSecond: 2.5
            )
        )
        #expect(token.scopes == PermissionSet([.open, .read]) && token.ratePerSecond == 2.5)
        #expect(token.workspace == "default" && token.expiresAt == end)
        #expect(secret.hasPrefix("mlt_") && secret.utf8.count == 47 && secret.hasPrefix(token.prefix))
        #expect(directory.account(token: secret)?.1 == token)
        // Nothing of the secret but its beginning is in the database.
        let rows = try await fixture.database.read { try $0.query("SELECT * FROM access_tokens") }
        for row in rows { #expect(!"\(row)".contains(secret.dropFirst(10))) }
        #expect(await code { try await store.createToken(for: "nobody", NewToken(name: "x")) } == .notFound)
        #expect(await code { try await store.createToken(for: owner.id, NewToken(name: "")) } == .invalidArgument)
        #expect(
            await code { try await store.createToken(for: owner.id, NewToken(name: "x", workspace: "no")) } == .notFound
        )
        for end in [fixture.clock.now, fixture.clock.now + .seconds((IdentityLimits.tokenDays + 1) * 86_400)] {
            let bad = NewToken(name: "x", expiresAt: end)
            #expect(await code { try await store.createToken(for: owner.id, bad) } == .invalidArgument)
        }
        for rate in [0, -1, IdentityLimits.ratePerSecond * 2] {
            let bad = NewToken(name: "x", ratePerSecond: rate)
            #expect(await code { try await store.createToken(for: owner.id, bad) } == .invalidArgument)
        }
        try await store.revokeToken(token.id)
        #expect(directory.account(token: secret) == nil)
        #expect(await code { try await store.revokeToken(token.id) } == .notFound)
    }

    @Test func whatWasMadeWithATokenEndsWithIt() async throws {
        let fixture = try await AccessFixture()
        let (store, directory) = (fixture.store, fixture.directory)
        let owner = try await store.createAccount(name: "bot", kind: .serviceAccount)
        let (root, _) = try await store.createToken(for: owner.id, NewToken(name: "root"))
        let (child, _) = try await store.createToken(for: owner.id, NewToken(name: "child", parentID: root.id))
        let (_, leaf) = try await store.createToken(for: owner.id, NewToken(name: "leaf", parentID: child.id))
        let (_, other) = try await store.createToken(for: owner.id, NewToken(name: "other"))
        let secret = SessionSecret.make()
        try await store.createSession(fixture.session(owner, secret, token: child.id))
        #expect(directory.account(session: secret) != nil)
        try await store.revokeToken(root.id)
        #expect(directory.account(token: leaf) == nil && directory.account(session: secret) == nil)
        #expect(directory.account(token: other) != nil)
        #expect(try await store.sessions(of: owner.id).isEmpty)
    }

    @Test func sessions() async throws {
        let fixture = try await AccessFixture()
        let (store, directory) = (fixture.store, fixture.directory)
        let owner = try await store.createAccount(name: "alice", kind: .user)
        let secrets = [SessionSecret.make(), SessionSecret.make()]
        for secret in secrets { try await store.createSession(fixture.session(owner, secret)) }
        let kept = try await store.sessions(of: owner.id)
        #expect(kept.count == 2)
        let (account, session) = try #require(directory.account(session: secrets[0]))
        #expect(account.id == owner.id && kept.contains(session) && session.scopes == .all)
        try await store.deleteSession(session.id)
        #expect(directory.account(session: secrets[0]) == nil && directory.account(session: secrets[1]) != nil)
        #expect(try await store.deleteSessions(of: owner.id) == 1)
        #expect(directory.account(session: secrets[1]) == nil)
        let orphan = fixture.session(owner, SessionSecret.make(), token: "gone")
        #expect(await code { try await store.createSession(orphan) } == .notFound)
    }

    @Test func whatEndsTheSessionsOfAnAccount() async throws {
        let fixture = try await AccessFixture()
        let (store, directory) = (fixture.store, fixture.directory)
        let owner = try await store.createAccount(name: "alice", kind: .user)
        for step in 0..<2 {
            let secret = SessionSecret.make()
            try await store.createSession(fixture.session(owner, secret))
            #expect(directory.account(session: secret) != nil)
            if step == 0 {
                try await store.setPassword(of: owner.id, hash: "$scrypt$other")
            } else {
                _ = try await store.updateAccount(owner.id, AccountChange(isDisabled: true))
                _ = try await store.updateAccount(owner.id, AccountChange(isDisabled: false))
            }
            #expect(directory.account(session: secret) == nil)
        }
    }

    @Test func workspaces() async throws {
        let fixture = try await AccessFixture()
        let (store, directory) = (fixture.store, fixture.directory)
        #expect(directory.workspaces.keys.sorted() == ["default"])
        let quota = WorkspaceQuota(
            storageBytes: 1_000_000_000_000,
            requestsPerSecond: 12.5,
            concurrentTasks: 0,
            modelMemoryBytes: 5
        )
        let made = try await store.createWorkspace(name: "team-a", description: "A", quota: quota)
        #expect(made.quota == quota && made.description == "A" && directory.workspace("team-a") == made)
        #expect(await code { try await store.createWorkspace(name: "team-a") } == .alreadyExists)
        let changed = try await store.updateWorkspace("team-a", WorkspaceChange(quota: WorkspaceQuota()))
        #expect(changed.quota == WorkspaceQuota() && changed.description == "A")
        #expect(await code { try await store.updateWorkspace("no", WorkspaceChange()) } == .notFound)
        #expect(await code { try await store.deleteWorkspace("default") } == .failedPrecondition)
        try await store.deleteWorkspace("team-a")
        #expect(directory.workspace("team-a") == nil && directory.deletedWorkspaces.map(\.name) == ["team-a"])
        #expect(await code { try await store.deleteWorkspace("team-a") } == .notFound)
        // The data of the old one is still there; nobody may come upon it by taking the name.
        #expect(await code { try await store.createWorkspace(name: "team-a") } == .alreadyExists)
        #expect(try await store.restoreWorkspace("team-a").name == "team-a")
        #expect(await code { try await store.restoreWorkspace("team-a") } == .notFound)
        for quota in [WorkspaceQuota(storageBytes: -1), WorkspaceQuota(requestsPerSecond: 0)] {
            #expect(await code { try await store.createWorkspace(name: "bad", quota: quota) } == .invalidArgument)
        }
    }

    @Test func rolesAndGrants() async throws {
        let fixture = try await AccessFixture()
        let (store, directory) = (fixture.store, fixture.directory)
        let account = try await store.createAccount(name: "alice", kind: .user)
        _ = try await store.createWorkspace(name: "team")
        _ = try await store.setRole(.viewer, of: account.id, in: "team")
        #expect(try await store.setRole(.operator, of: account.id, in: "team").roles == ["team": .operator])
        #expect(try await store.setRole(nil, of: account.id, in: "team").roles.isEmpty)
        #expect(await code { try await store.setRole(.viewer, of: account.id, in: "no") } == .notFound)
        #expect(await code { try await store.setRole(.viewer, of: "no", in: "team") } == .notFound)
        let read = ResourceGrant(kind: .experiment, id: "7", permissions: PermissionSet([.read]))
        let write = ResourceGrant(kind: .experiment, id: "7", permissions: PermissionSet([.read, .write]))
        let first = try await store.putGrant(read, to: account.id, in: "team")
        let second = try await store.putGrant(write, to: account.id, in: "team")
        #expect(first.id == second.id)
        #expect(directory.account(id: account.id)?.grants == ["team": [write]])
        #expect(directory.grants(in: "team") == [second] && directory.grants(in: "default").isEmpty)
        #expect(await code { try await store.deleteGrant(second.id, in: "default") } == .notFound)
        try await store.deleteGrant(second.id, in: "team")
        #expect(directory.account(id: account.id)?.grants == [:])
        for grant in [
            ResourceGrant(kind: .experiment, id: "", permissions: .all),
            ResourceGrant(kind: .experiment, id: "7", permissions: PermissionSet([.server])),
            ResourceGrant(kind: .experiment, id: "7", permissions: []),
            ResourceGrant(kind: .experiment, id: "a*b", permissions: PermissionSet([.read])),
        ] {
            #expect(await code { try await store.putGrant(grant, to: account.id, in: "team") } == .invalidArgument)
        }
    }

    @Test func grantsFollowWhatTheyAreAbout() async throws {
        let fixture = try await AccessFixture()
        let store = fixture.store
        let account = try await store.createAccount(name: "alice", kind: .user)
        let permissions = PermissionSet([.read])
        for id in ["old", "new", "kept"] {
            let grant = ResourceGrant(kind: .registeredModel, id: id, permissions: permissions)
            _ = try await store.putGrant(grant, to: account.id, in: "default")
        }
        let old = ResourceName(kind: .registeredModel, id: "old")
        try await store.renameGrants(of: old, to: "new", in: "default")
        #expect(fixture.directory.grants(in: "default").map(\.grant.id).sorted() == ["kept", "new"])
        let new = ResourceName(kind: .registeredModel, id: "new")
        try await store.forgetGrants(of: new, in: "default")
        #expect(fixture.directory.grants(in: "default").map(\.grant.id) == ["kept"])
        let version = try await store.versions()
        try await store.forgetGrants(of: new, in: "default")
        #expect(try await store.versions() == version)
    }

    @Test func everyChangeRaisesTheNumber() async throws {
        let fixture = try await AccessFixture()
        let store = fixture.store
        var last = try await store.versions()
        #expect(Set(last.keys) == Set(AccessStore.Part.allCases))
        func raised(_ part: AccessStore.Part) async throws -> Bool {
            let now = try await store.versions()
            defer { last = now }
            return (now[part] ?? 0) > (last[part] ?? 0)
        }
        let account = try await store.createAccount(name: "alice", kind: .user)
        #expect(try await raised(.identities))
        let token = try await store.createToken(for: account.id, NewToken(name: "t")).token
        #expect(try await raised(.identities))
        try await store.createSession(fixture.session(account, SessionSecret.make()))
        #expect(try await raised(.sessions))
        try await store.setPassword(of: account.id, hash: nil)
        #expect(try await raised(.sessions))
        try await store.revokeToken(token.id)
        #expect(try await raised(.identities))
        try await store.setGroupRules([])
        #expect(try await raised(.identities))
    }
}

extension AccessFixture {
    /// A session as the console begins it.
    func session(_ account: Account, _ secret: String, token: String? = nil) -> Session {
        Session(
            id: Identifier.random(),
            accountID: account.id,
            secretHash: SessionSecret.hash(secret),
            tokenID: token,
            createdAt: clock.now,
            seenAt: clock.now,
            expiresAt: clock.now + .seconds(SessionLimits.absoluteSeconds),
            agent: "browser"
        )
    }
}
