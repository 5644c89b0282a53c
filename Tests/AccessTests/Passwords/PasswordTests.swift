import Access
import Core
import HTTPSupport
import Logging
import Storage
import TestSupport
import Testing

/// Hashes of passwords, and log-ins with them.
@Suite struct PasswordTests {
    private static let cheap = ScryptParameters(logN: 4, r: 1, p: 1)

    @Test func storedHashesAreReadBack() throws {
        let hash = try PasswordHash(of: "pleaseletmein", parameters: Self.cheap)
        let stored = hash.stored
        #expect(stored.hasPrefix("$scrypt$ln=4,r=1,p=1$"))
        let read = try #require(PasswordHash(stored: stored))
        #expect(read == hash)
        #expect(try read.matches("pleaseletmein"))
        #expect(try !read.matches("pleaseletmeIn") && !read.matches("pleaseletmein "))
        let other = try PasswordHash(of: "pleaseletmein", parameters: Self.cheap)
        #expect(other.stored != stored)
    }

    /// Made by Python's `hashlib.scrypt(b"correct horse battery staple", salt=bytes(range(16)), n=2**14, r=8, p=1,
    /// dklen=32)`: the hash is scrypt's and no variant of our own.
    @Test func theHashIsThatOfOthers() throws {
        let stored = "$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$11kKyiyYAc8G7rp3KmncMc44YlkdllIqxOa7pq0fMaU"
        let hash = try #require(PasswordHash(stored: stored))
        #expect(hash.parameters == ScryptParameters(logN: 14, r: 8, p: 1))
        #expect(try hash.matches("correct horse battery staple"))
        #expect(try !hash.matches("correct horse battery stable"))
    }

    @Test(arguments: [
        "", "$", "$$$$", "secret", "$argon2id$v=19$m=1,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AA",
        "$scrypt$ln=4,r=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=4,r=1,p=1,x=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=4,ln=4,p=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=63,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=4,r=-1,p=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=4,r=1,p=1$AAEC$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=4,r=1,p=1$AAECAwQFBgcICQoLDA0ODw$",
        "$scrypt$ln=4,r=1,p=1$AAECAwQFBgcICQoLDA0ODw$!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ])
    func whatIsNoHash(_ stored: String) {
        #expect(PasswordHash(stored: stored) == nil)
    }

    @Test func rules() throws {
        for good in [
            "correct horse", String(repeating: "abcd", count: IdentityLimits.passwordMaximum / 4), "日本語のとても長い合言葉です",
        ] {
            try PasswordRules.check(good, name: "alice")
        }
        let bad = [
            "", "short", "correct hor", "aaaaaaaaaaaaaaaa", "abababababababab", "Alice-In-Wonder",
            String(repeating: "abcde", count: 52), "mlt_secret_of_mine", "nul\u{0}nul\u{0}nul\u{0}",
            String(repeating: "👨‍👩‍👧‍👦", count: 50) + "ab",
        ]
        for text in bad {
            #expect(throws: MartletError.self, "\(text)") {
                try PasswordRules.check(text, name: "alice-in-wonder")
            }
        }
        #expect("correct hor".count == IdentityLimits.passwordMinimum - 1)
        #expect(String(repeating: "abcde", count: 52).count > IdentityLimits.passwordMaximum)
        #expect((String(repeating: "👨‍👩‍👧‍👦", count: 50) + "ab").utf8.count > IdentityLimits.passwordBytes)
    }

    @Test func logIn() async throws {
        let fixture = try await AccessFixture()
        let directory = fixture.directory
        let alice = try await fixture.user("alice")
        #expect(directory.cachedAccount(name: "alice", password: AccessFixture.password) == nil)
        let account = try await directory.account(name: "alice", password: AccessFixture.password)
        #expect(account.id == alice.id)
        #expect(directory.cachedAccount(name: "alice", password: AccessFixture.password)?.id == alice.id)
        #expect(directory.cachedAccount(name: "alice", password: "wrong horse battery") == nil)
        #expect(directory.cachedAccount(name: "bob", password: AccessFixture.password) == nil)
        fixture.clock.advance(by: .seconds(IdentityLimits.passwordCacheSeconds))
        #expect(directory.cachedAccount(name: "alice", password: AccessFixture.password) == nil)
    }

    @Test func theAnswerTellsNothingOfNames() async throws {
        let fixture = try await AccessFixture()
        try await fixture.user("alice")
        _ = try await fixture.administration.create(.serviceAccount, name: "bot", by: .localUser)
        let locked = try await fixture.user("locked")
        _ = try await fixture.store.updateAccount(locked.id, AccountChange(isDisabled: true))
        var answers: Set<String> = []
        for (name, password) in [
            ("alice", "wrong horse battery"), ("nobody", "wrong horse battery"), ("bot", "wrong horse battery"),
            ("locked", AccessFixture.password), ("", ""), ("alice", ""), ("alice", String(repeating: "x", count: 5000)),
        ] {
            do {
                _ = try await fixture.directory.account(name: name, password: password, from: "10.0.0.1")
                Issue.record("'\(name)' was let in")
            } catch {
                answers.insert("\(error)")
            }
        }
        #expect(answers == ["unauthenticated: The name or the password is wrong."])
    }

    @Test func aChangedPasswordIsFeltAtOnce() async throws {
        let fixture = try await AccessFixture()
        let directory = fixture.directory
        try await fixture.user("alice")
        _ = try await directory.account(name: "alice", password: AccessFixture.password)
        try await fixture.administration.setPassword(
            of: "alice",
            to: "another horse battery",
            current: nil,
            from: nil,
            by: .localUser
        )
        #expect(directory.cachedAccount(name: "alice", password: AccessFixture.password) == nil)
        let refused = await code { try await directory.account(name: "alice", password: AccessFixture.password) }
        #expect(refused == .unauthenticated)
        _ = try await directory.account(name: "alice", password: "another horse battery")
    }

    @Test func hashesGrowStrongerAtLogIn() async throws {
        let fixture = try await AccessFixture()
        try await fixture.user("alice")
        let stronger = IdentityDirectory(
            store: fixture.store,
            clock: fixture.clock.clock,
            parameters: ScryptParameters(logN: 5, r: 1, p: 1),
            logger: Logger(label: "test")
        )
        try await stronger.reload()
        // Many at once, none of which is refused because another was first to store the stronger hash.
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    let account = try? await stronger.account(name: "alice", password: AccessFixture.password)
                    return account != nil
                }
            }
            for await wasLetIn in group { #expect(wasLetIn) }
        }
        let row = try await fixture.database.read { try $0.first("SELECT password_hash FROM access_accounts") }
        #expect(try #require(row).text("password_hash").hasPrefix("$scrypt$ln=5,"))
        _ = try await stronger.account(name: "alice", password: AccessFixture.password)
    }

    @Test func theSameQuestionOfManyIsCheckedOnce() async throws {
        let fixture = try await AccessFixture()
        try await fixture.user("alice")
        // Far more than may fail: a client that begins with many requests at once is no guesser.
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let account = try? await fixture.directory.account(
                        name: "alice",
                        password: AccessFixture.password,
                        from: "10.0.0.1"
                    )
                    return account != nil
                }
            }
            for await wasLetIn in group { #expect(wasLetIn) }
        }
    }

    @Test func aThousandBadLogInsAreThrottled() async throws {
        let fixture = try await AccessFixture()
        let directory = fixture.directory
        try await fixture.user("alice")
        _ = try await directory.account(name: "alice", password: AccessFixture.password, from: "192.0.2.7")
        fixture.clock.advance(by: .seconds(IdentityLimits.passwordCacheSeconds))
        var counts: [MartletError.Code: Int] = [:]
        for number in 0..<1000 {
            do {
                _ = try await directory.account(name: "alice", password: "guess number \(number)", from: "10.0.0.1")
            } catch {
                counts[error.code, default: 0] += 1
                if error.code == .resourceExhausted { #expect((error.retryAfterSeconds ?? 0) >= 1) }
            }
        }
        #expect(counts == [.unauthenticated: IdentityLimits.freeFailures, .resourceExhausted: 995])
        // Whoever has logged in from elsewhere before still gets in, at once.
        _ = try await directory.account(name: "alice", password: AccessFixture.password, from: "192.0.2.7")
        fixture.clock.advance(by: .seconds(IdentityLimits.passwordCacheSeconds))
        // And from anywhere, after seconds.
        fixture.clock.advance(by: .seconds(IdentityLimits.nameWaitSeconds))
        _ = try await directory.account(name: "alice", password: AccessFixture.password, from: "198.51.100.1")
    }

    @Test func manyGuessesAtOnceGainNothing() async throws {
        let fixture = try await AccessFixture()
        try await fixture.user("alice")
        let checked = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let failure = await code {
                        try await fixture.directory.account(
                            name: "alice",
                            password: "guess number \(number)",
                            from: "10.0.0.1"
                        )
                    }
                    return failure == .unauthenticated
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(checked <= IdentityLimits.freeFailures)
    }
}
