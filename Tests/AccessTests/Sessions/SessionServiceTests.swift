import Access
import Core
import HTTPSupport
import TestSupport
import Testing

/// Sessions over the real store: begun, renewed, ended, and never more than their token.
@Suite(.overEveryDatabase)
struct SessionServiceTests {
    private func secret(_ begun: SessionService.Begun) throws -> String {
        try #require(
            SessionCookie.secret(inCookies: begun.setCookie.split(separator: ";").first.map(String.init) ?? "")
        )
    }

    @Test func beginsAndEnds() async throws {
        let house = try await AccessFixture()
        let account = try await house.user("anna")
        let sessions = SessionService(store: house.store, clock: house.clock.clock)
        let first = try await sessions.begin(account, agent: "Firefox\r\nX: y", isSecure: false)
        #expect(first.session.agent == "FirefoxX: y")
        let secret = try secret(first)
        #expect(house.directory.account(session: secret)?.0.name == "anna")
        let second = try await sessions.begin(account, replacing: first.session.id, isSecure: true)
        #expect(second.setCookie.hasPrefix(SessionCookie.secureName))
        #expect(house.directory.account(session: secret) == nil)
        let renewed = try self.secret(second)
        #expect(renewed != secret && house.directory.account(session: renewed) != nil)
        #expect(try await sessions.sessions(of: account.id).map(\.id) == [second.session.id])
        _ = try await sessions.begin(account, isSecure: false)
        #expect(try await sessions.endAll(of: account.id) == 2)
        #expect(house.directory.account(session: renewed) == nil)
    }

    @Test func endsAfterAPause() async throws {
        let house = try await AccessFixture()
        let account = try await house.user("anna")
        let sessions = SessionService(store: house.store, clock: house.clock.clock)
        let secret = try secret(try await sessions.begin(account, isSecure: false))
        house.clock.advance(by: .seconds(SessionLimits.idleSeconds - 1))
        #expect(house.directory.account(session: secret) != nil)
        house.clock.advance(by: .seconds(SessionLimits.idleSeconds - 1))
        #expect(house.directory.account(session: secret) != nil)
        house.clock.advance(by: .seconds(SessionLimits.idleSeconds))
        #expect(house.directory.account(session: secret) == nil)
    }

    @Test func isNoMoreThanTheTokenThatBeganIt() async throws {
        let house = try await AccessFixture()
        let account = try await house.user("anna")
        let sessions = SessionService(store: house.store, clock: house.clock.clock)
        let scopes = PermissionSet([.open, .account, .read])
        let end = house.clock.clock.now + .seconds(600)
        let made = try await house.store.createToken(
            for: account.id,
            NewToken(name: "t", scopes: scopes, workspace: "default", expiresAt: end)
        )
        let begun = try await sessions.begin(account, token: made.token, isSecure: false)
        #expect(begun.session.scopes == scopes && begun.session.workspace == "default")
        #expect(begun.session.expiresAt == end && begun.session.tokenID == made.token.id)
        let secret = try secret(begun)
        #expect(house.directory.account(session: secret)?.1.scopes == scopes)
        try await house.store.revokeToken(made.token.id)
        #expect(house.directory.account(session: secret) == nil)
    }

    @Test func theOldestEndsWhenThereAreTooMany() async throws {
        let house = try await AccessFixture()
        let account = try await house.user("anna")
        let sessions = SessionService(store: house.store, clock: house.clock.clock)
        let long = String(repeating: "a", count: SessionLimits.agentCharacters + 1)
        let oldest = try await sessions.begin(account, agent: long, isSecure: false)
        #expect(oldest.session.agent.count == SessionLimits.agentCharacters)
        for _ in 1..<SessionLimits.sessionsPerAccount {
            house.clock.advance(by: .seconds(1))
            _ = try await sessions.begin(account, isSecure: false)
        }
        let kept = try secret(oldest)
        #expect(house.directory.account(session: kept) != nil)
        house.clock.advance(by: .seconds(1))
        _ = try await sessions.begin(account, isSecure: false)
        #expect(house.directory.account(session: kept) == nil)
        #expect(try await sessions.sessions(of: account.id).count == SessionLimits.sessionsPerAccount)
    }
}
