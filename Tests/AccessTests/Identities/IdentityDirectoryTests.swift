import Access
import Core
import HTTPSupport
import Logging
import Storage
import TestSupport
import Testing

/// Who is who, as the gate asks.
@Suite(.overEveryDatabase) struct IdentityDirectoryTests {
    @Test func tokensEndByThemselvesAndWithTheirOwner() async throws {
        let fixture = try await AccessFixture()
        let directory = fixture.directory
        let owner = try await fixture.user("alice")
        let end = fixture.clock.now + .seconds(60)
        let (_, secret) = try await fixture.store.createToken(for: owner.id, NewToken(name: "t", expiresAt: end))
        #expect(directory.account(token: secret)?.0.id == owner.id)
        #expect(directory.account(token: String(secret.dropLast())) == nil)
        #expect(directory.account(token: "mlt_" + String(repeating: "A", count: 43)) == nil)
        #expect(directory.account(token: "") == nil)
        fixture.clock.advance(by: .milliseconds(59_999))
        #expect(directory.account(token: secret) != nil)
        fixture.clock.advance(by: .milliseconds(1))
        #expect(directory.account(token: secret) == nil)
        let (_, other) = try await fixture.store.createToken(for: owner.id, NewToken(name: "u"))
        #expect(directory.account(token: other) != nil)
        _ = try await fixture.store.updateAccount(owner.id, AccountChange(isDisabled: true))
        #expect(directory.account(token: other) == nil)
        _ = try await fixture.store.updateAccount(owner.id, AccountChange(isDisabled: false))
        #expect(directory.account(token: other) != nil)
        try await fixture.store.deleteAccount(owner.id)
        #expect(directory.account(token: other) == nil)
    }

    @Test func sessionsEndWhenTheyAreIdleAndForGood() async throws {
        let fixture = try await AccessFixture()
        let (directory, clock) = (fixture.directory, fixture.clock)
        let owner = try await fixture.user("alice")
        let secret = SessionSecret.make()
        try await fixture.store.createSession(fixture.session(owner, secret))
        let pause = Duration.seconds(SessionLimits.idleSeconds - 60)
        var used = 0
        while directory.account(session: secret) != nil {
            used += 1
            clock.advance(by: pause)
        }
        #expect(used == SessionLimits.absoluteSeconds / (SessionLimits.idleSeconds - 60) + 1)
        let idle = SessionSecret.make()
        try await fixture.store.createSession(fixture.session(owner, idle))
        clock.advance(by: .seconds(SessionLimits.idleSeconds))
        #expect(directory.account(session: idle) == nil)
        #expect(try await fixture.store.purge() == 2)
        #expect(directory.account(session: "") == nil && directory.account(session: SessionSecret.make()) == nil)
    }

    @Test func aSessionEndsWithTheTokenThatBeganIt() async throws {
        let fixture = try await AccessFixture()
        let owner = try await fixture.user("alice")
        let end = fixture.clock.now + .seconds(60)
        let (token, _) = try await fixture.store.createToken(for: owner.id, NewToken(name: "t", expiresAt: end))
        let secret = SessionSecret.make()
        try await fixture.store.createSession(fixture.session(owner, secret, token: token.id))
        #expect(fixture.directory.account(session: secret) != nil)
        fixture.clock.advance(by: .seconds(60))
        #expect(fixture.directory.account(session: secret) == nil)
    }

    @Test func timesOfUseAreWrittenInBatches() async throws {
        let fixture = try await AccessFixture()
        let directory = fixture.directory
        let owner = try await fixture.user("alice")
        let (token, secret) = try await fixture.store.createToken(for: owner.id, NewToken(name: "t"))
        let session = SessionSecret.make()
        try await fixture.store.createSession(fixture.session(owner, session))
        let versions = try await fixture.store.versions()
        fixture.clock.advance(by: .seconds(90))
        _ = directory.account(token: secret)
        _ = directory.account(session: session)
        _ = try await directory.account(name: "alice", password: AccessFixture.password)
        let used = fixture.clock.now
        #expect(directory.tokens(of: owner.id).map(\.lastUsedAt) == [used])
        #expect(directory.token(id: token.id)?.lastUsedAt == nil)
        try await directory.flush()
        let other = try await fixture.anotherServer()
        #expect(other.token(id: token.id)?.lastUsedAt == used)
        #expect(other.account(id: owner.id)?.lastLoginAt == used)
        #expect(try await fixture.store.sessions(of: owner.id).map(\.seenAt) == [used])
        // Nobody reads all accounts again because somebody used a token.
        #expect(try await fixture.store.versions() == versions)
        // A time that is late does not undo a later one.
        fixture.clock.advance(by: .seconds(-30))
        _ = other.account(token: secret)
        try await other.flush()
        #expect(try await fixture.anotherServer().token(id: token.id)?.lastUsedAt == used)
    }

    @Test func otherServersHearOfChanges() async throws {
        let fixture = try await AccessFixture()
        let other = try await fixture.anotherServer()
        let owner = try await fixture.user("alice")
        let (token, secret) = try await fixture.store.createToken(for: owner.id, NewToken(name: "t"))
        let session = SessionSecret.make()
        try await fixture.store.createSession(fixture.session(owner, session))
        #expect(other.account(token: secret) == nil && other.account(session: session) == nil)
        try await other.reloadIfOlder()
        #expect(other.account(token: secret) != nil && other.account(session: session) != nil)
        try await fixture.store.revokeToken(token.id)
        _ = try await fixture.store.deleteSessions(of: owner.id)
        #expect(other.account(token: secret) != nil)
        try await other.reloadIfOlder()
        #expect(other.account(token: secret) == nil && other.account(session: session) == nil)
    }

    @Test func theRunLooksEachSecond() async throws {
        let fixture = try await AccessFixture()
        let other = try await fixture.anotherServer()
        let owner = try await fixture.user("alice")
        let run = Task { await other.run() }
        while other.account(id: owner.id) == nil {
            fixture.clock.advance(by: .seconds(IdentityLimits.pollSeconds))
            try? await Task.sleep(for: .milliseconds(1))
        }
        let (token, secret) = try await fixture.store.createToken(for: owner.id, NewToken(name: "t"))
        while other.account(token: secret) == nil {
            fixture.clock.advance(by: .seconds(IdentityLimits.pollSeconds))
            try? await Task.sleep(for: .milliseconds(1))
        }
        // What is noted is written within a minute by the run.
        while try await fixture.anotherServer().token(id: token.id)?.lastUsedAt == nil {
            fixture.clock.advance(by: .seconds(IdentityLimits.useWriteSeconds))
            try? await Task.sleep(for: .milliseconds(1))
        }
        run.cancel()
        await run.value
    }

    @Test func namesAreFoundInWhateverCase() async throws {
        let fixture = try await AccessFixture()
        let owner = try await fixture.user("Alice@example.com")
        #expect(fixture.directory.account(name: "alice@EXAMPLE.com")?.id == owner.id)
        let account = try await fixture.directory.account(name: "ALICE@example.com", password: AccessFixture.password)
        #expect(account.id == owner.id)
    }

    @Test func firstStart() async throws {
        let fixture = try await AccessFixture()
        let directory = fixture.directory
        let first = try #require(try await directory.bootstrap())
        let (account, token) = try #require(directory.account(token: first))
        #expect(account.isServerAdministrator && account.name == "admin" && token.scopes == .all)
        // Nobody has used it: it may never have been seen, so that the next start shows another.
        let second = try #require(try await directory.bootstrap())
        #expect(second != first && directory.account(token: first) == nil)
        #expect(directory.accounts.count == 1)
        _ = directory.account(token: second)
        try await directory.flush()
        #expect(try await directory.bootstrap() == nil)
        // After its day it opens nothing; as long as nobody else can log in, there is another.
        fixture.clock.advance(by: .seconds(IdentityLimits.bootstrapHours * 3600))
        #expect(directory.account(token: second) == nil)
        let third = try #require(try await directory.bootstrap())
        #expect(directory.account(token: third)?.0.id == account.id)
        try await fixture.user("root", isServerAdministrator: true)
        #expect(try await directory.bootstrap() == nil)
    }

    @Test func theWayInForWhoIsLockedOut() async throws {
        let fixture = try await AccessFixture()
        let directory = fixture.directory
        try await fixture.user("root", isServerAdministrator: true)
        let secret = try await directory.rescue(account: nil)
        #expect(directory.account(token: secret)?.0.name == "root")
        #expect(await code { try await directory.rescue(account: "nobody") } == .notFound)
        try await fixture.user("alice")
        let alice = try await directory.rescue(account: "alice")
        #expect(directory.account(token: alice)?.0.isServerAdministrator == false)
    }
}
