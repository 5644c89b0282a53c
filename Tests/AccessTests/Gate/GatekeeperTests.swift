import Access
import Core
import Foundation
import HTTPSupport
import Testing

@Suite struct GatekeeperTests {
    private func basic(_ name: String, _ password: String) -> String {
        "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()
    }

    private func identities() -> KnownIdentities {
        var known = KnownIdentities()
        known.add(Account(id: "1", name: "ann", roles: ["default": .editor, "red": .viewer]))
        known.add(Account(id: "2", name: "bob", roles: ["blue": .operator]))
        known.add(Account(id: "3", name: "root", isServerAdministrator: true))
        known.add(Account(id: "4", name: "scraper", kind: .serviceAccount, roles: ["*": .viewer]))
        let grant = ResourceGrant(kind: .experiment, id: "7", permissions: Role.editor.permissions)
        known.add(Account(id: "5", name: "guest", grants: ["red": [grant]]))
        known.passwords = ["ann": "right"]
        known.slowPasswords = ["bob": "slow"]
        known.addToken("mlt_ann", of: "ann")
        known.addToken("mlt_read", of: "ann", scopes: PermissionSet([.read]))
        known.addToken("mlt_red", of: "ann", workspace: "red")
        known.addToken("mlt_root", of: "root")
        known.addToken("mlt_guest", of: "guest", scopes: PermissionSet([.read]))
        known.addToken("mlt_scraper", of: "scraper", scopes: PermissionSet([.metrics]))
        known.addToken("mlt_slow", of: "ann", rate: 1)
        known.addSession("cookie", of: "ann")
        return known
    }

    private func gate(_ mode: Gatekeeper.Mode = .accounts) -> Gatekeeper {
        Gatekeeper(mode: mode, identities: identities())
    }

    private func principal(_ caller: Caller, _ gate: Gatekeeper) throws -> Principal {
        switch gate.admitNow(caller) {
        case .admitted(let principal): return principal
        case .refused(let error): throw error
        case .later: throw MartletError(.internal, "later")
        }
    }

    private func code(_ caller: Caller, _ gate: Gatekeeper) -> MartletError.Code? {
        do {
            _ = try principal(caller, gate)
            return nil
        } catch {
            return MartletError.wrapping(error).code
        }
    }

    @Test func withoutAccountsEverybodyIsTheLocalUser() throws {
        let gate = gate(.off)
        #expect(try principal(Caller(), gate) == .localUser)
        #expect(try principal(Caller(authorization: "Bearer whatever"), gate) == .localUser)
        #expect(try principal(Caller(workspace: "red"), gate).workspace == "red")
        #expect(code(Caller(workspace: "nowhere"), gate) == .notFound)
    }

    @Test func nobodyIsAnonymousAndLearnsNothingOfWorkspaces() throws {
        let gate = gate()
        #expect(try principal(Caller(), gate) == .anonymous)
        #expect(try principal(Caller(workspace: "red"), gate) == .anonymous)
        #expect(try principal(Caller(workspace: "nowhere"), gate) == .anonymous)
        #expect(try principal(Caller(session: "gone"), gate) == .anonymous)
    }

    @Test func tokensNameTheirOwnerWithTheOwnersRole() throws {
        let ann = try principal(Caller(authorization: "Bearer mlt_ann"), gate())
        #expect(ann.name == "ann" && ann.workspace == "default" && ann.tokenID == "id-mlt_ann")
        #expect(ann.permissions == Role.editor.permissions)
        let red = try principal(Caller(authorization: "bearer mlt_ann", workspace: "red"), gate())
        #expect(red.workspace == "red" && red.permissions == Role.viewer.permissions)
    }

    @Test func scopesBoundWhatTheRoleGives() throws {
        let read = try principal(Caller(authorization: "Bearer mlt_read"), gate())
        #expect(read.permissions == PermissionSet([.open, .read]))
        let root = try principal(Caller(authorization: "Bearer mlt_root"), gate())
        #expect(root.permissions == .all && root.isServerAdministrator)
        let guest = try principal(Caller(authorization: "Bearer mlt_guest"), gate())
        #expect(guest.grants.map(\.permissions) == [PermissionSet([.read])])
        #expect(guest.permissions == PermissionSet([.open]) && guest.workspace == "red")
    }

    @Test func figuresOfTheProcessAreForThoseWhoSeeEveryWorkspace() throws {
        let scraper = try principal(Caller(authorization: "Bearer mlt_scraper"), gate())
        #expect(scraper.permissions == PermissionSet([.open, .metrics]))
        #expect(!Role.administrator.permissions.contains(.metrics))
    }

    @Test func workspacesOfOthersAreNotThere() throws {
        let gate = gate()
        let foreign = code(Caller(authorization: "Bearer mlt_ann", workspace: "blue"), gate)
        #expect(foreign == .notFound)
        #expect(code(Caller(authorization: "Bearer mlt_ann", workspace: "nowhere"), gate) == foreign)
        #expect(code(Caller(authorization: "Bearer mlt_red", workspace: "default"), gate) == .notFound)
        #expect(try principal(Caller(authorization: "Bearer mlt_red"), gate).workspace == "red")
        #expect(try principal(Caller(authorization: "Bearer mlt_root", workspace: "blue"), gate).workspace == "blue")
    }

    @Test("Two refusals of a workspace say the same, whether it exists or not")
    func refusalsTellNothing() {
        let gate = gate()
        func text(_ name: String) -> String {
            guard
                case .refused(let error) = gate.admitNow(Caller(authorization: "Bearer mlt_ann", workspace: name))
            else { return "" }
            return error.message.replacingOccurrences(of: name, with: "X")
        }
        #expect(text("blue") == text("nowhere") && !text("blue").isEmpty)
    }

    @Test(arguments: [
        "Bearer mlt_unknown", "Bearer ", "Bearer a b", "Basic !!!", "Basic", "Digest x", "mlt_ann", "Bearer e30.e30.x",
        "Bearer mltask_unknown", "Basic bWx0X2Fubg==",
    ])
    func wrongCredentialsAreRefused(value: String) {
        #expect(code(Caller(authorization: value), gate()) == .unauthenticated)
    }

    @Test func aLongHeaderIsRefused() {
        let most = "Bearer " + String(repeating: "x", count: AccessLimits.authorizationBytes)
        #expect(code(Caller(authorization: most), gate()) == .unauthenticated)
    }

    @Test func passwordsThatWereCheckedPassAtOnceOthersLater() async throws {
        let gate = gate()
        #expect(try principal(Caller(authorization: basic("ann", "right")), gate).name == "ann")
        guard case .later = gate.admitNow(Caller(authorization: basic("bob", "slow"))) else {
            Issue.record("a password was not to be checked later")
            return
        }
        #expect(try await gate.admit(Caller(authorization: basic("bob", "slow"))).workspace == "blue")
        await #expect(throws: MartletError.self) { try await gate.admit(Caller(authorization: basic("bob", "bad"))) }
    }

    @Test func aTokenMayComeAsAPassword() throws {
        let gate = gate()
        #expect(try principal(Caller(authorization: basic("anything", "mlt_read")), gate).permissions.contains(.read))
        #expect(code(Caller(authorization: basic("ann", "mlt_unknown")), gate) == .unauthenticated)
    }

    @Test func aBrowsersStaleChoiceFallsBack() throws {
        let gate = gate()
        for (chosen, shown) in [("red", "red"), ("blue", "default"), ("nowhere", "default")] {
            let ann = try principal(Caller(session: "cookie", choice: chosen), gate)
            #expect(ann.workspace == shown && ann.sessionID == "session")
        }
        #expect(code(Caller(session: "cookie", workspace: "blue"), gate) == .notFound)
        let off = self.gate(.off)
        #expect(try principal(Caller(choice: "red"), off).workspace == "red")
        #expect(try principal(Caller(choice: "nowhere"), off).workspace == "default")
    }

    @Test func credentialsComeBeforeCookies() {
        #expect(code(Caller(authorization: "Bearer mlt_unknown", session: "cookie"), gate()) == .unauthenticated)
    }

    @Test func tokensHaveRates() throws {
        let gate = gate()
        let slow = try principal(Caller(authorization: "Bearer mlt_slow"), gate)
        try gate.spend(slow)
        let error = #expect(throws: MartletError.self) { try gate.spend(slow) }
        #expect(error?.code == .resourceExhausted && (error?.retryAfterSeconds ?? 0) >= 1)
        let free = try principal(Caller(authorization: "Bearer mlt_ann"), gate)
        for _ in 0..<100 { try gate.spend(free) }
    }

    @Test("What is counted is bounded: too many rates are forgotten together")
    func countedRatesAreBounded() throws {
        let gate = gate()
        var principal = Principal.anonymous
        principal.tokenRate = 0.001
        func spend(_ id: String) -> Bool {
            principal.tokenID = id
            return (try? gate.spend(principal)) != nil
        }
        #expect(spend("first") && !spend("first"))
        for number in 1..<AccessLimits.rateBuckets { _ = spend("\(number)") }
        #expect(!spend("first"))
        #expect(spend("one more") && spend("first"))
    }

    @Test func workspacesHaveRates() throws {
        var known = identities()
        known.workspaceList["default"] = Workspace(
            name: "default",
            createdAt: Timestamp(milliseconds: 0),
            quota: WorkspaceQuota(requestsPerSecond: 2)
        )
        let gate = Gatekeeper(mode: .accounts, identities: known)
        let ann = try principal(Caller(authorization: "Bearer mlt_ann"), gate)
        try gate.spend(ann)
        try gate.spend(ann)
        #expect(throws: MartletError.self) { try gate.spend(ann) }
        try gate.spend(try principal(Caller(authorization: "Bearer mlt_ann", workspace: "red"), gate))
        try gate.spend(.anonymous)
    }

    @Test func passesOfTasksOpenTheirWorkspaceUntilTheyEnd() throws {
        let gate = gate()
        let secret = try #require(gate.passes.issue(to: "train", workspace: "red"))
        let caller = Caller(authorization: "Bearer \(secret)")
        let task = try principal(caller, gate)
        #expect(task.name == "task:train" && task.workspace == "red")
        #expect(task.permissions.contains(.write) && !task.permissions.contains(.operate))
        #expect(code(Caller(authorization: "Bearer \(secret)", workspace: "default"), gate) == .notFound)
        gate.passes.withdraw(secret)
        #expect(code(caller, gate) == .unauthenticated)
    }

    @Test func passesAreBounded() throws {
        let passes = TaskPasses()
        for number in 0..<AccessLimits.taskPasses {
            guard passes.issue(to: "\(number)", workspace: "default") != nil else {
                Issue.record("pass \(number) was refused")
                return
            }
        }
        #expect(passes.issue(to: "more", workspace: "default") == nil)
    }
}

@Suite struct TokenBucketTests {
    @Test func aBurstOfASecondThenTheRate() {
        var bucket = TokenBucket(rate: 4, now: 0)
        for _ in 0..<4 { #expect(bucket.take(now: 0) == nil) }
        #expect(bucket.take(now: 0) == 0.25)
        #expect(bucket.take(now: 250_000_000) == nil)
        #expect(bucket.take(now: 250_000_000) != nil)
        for _ in 0..<4 { #expect(bucket.take(now: 100_000_000_000) == nil) }
        #expect(bucket.take(now: 100_000_000_000) != nil)
    }

    @Test func slowRatesAllowOneAtATime() {
        var bucket = TokenBucket(rate: 0.1, now: 0)
        #expect(bucket.take(now: 0) == nil)
        #expect(bucket.take(now: 5_000_000_000) == 5)
        #expect(bucket.take(now: 10_000_000_000) == nil)
    }

    @Test func noRateAllowsNothingAfterTheFirst() {
        var bucket = TokenBucket(rate: 0, now: 0)
        #expect(bucket.take(now: 0) == nil)
        #expect(bucket.take(now: 1_000_000_000) == Double(AccessLimits.longestWaitSeconds))
    }

    @Test func aClockThatGoesBackGivesNothing() {
        var bucket = TokenBucket(rate: 1, now: 10_000_000_000)
        #expect(bucket.take(now: 10_000_000_000) == nil)
        #expect(bucket.take(now: 1) == 1)
    }
}
