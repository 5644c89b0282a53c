import Access
import Core
import Foundation
import HTTPSupport
import Storage

/// Measures what the gate costs a request: who calls, where, what they may do, and how often.
///
/// It prints one line of JSON: nanoseconds per request for each way of calling. Accounts, tokens and workspaces are as
/// many as a large installation has, and every request shows another token than the one before.
@main
enum GateBenchmark {
    private static let accounts = 1000
    private static let tokensPerAccount = 10
    private static let rounds = 7
    private static let requests = 200_000

    static func main() async throws {
        let people = try await People(accounts: accounts, tokensPerAccount: tokensPerAccount)
        let gate = Gatekeeper(mode: .accounts, identities: people.directory)
        let open = Gatekeeper(mode: .off, identities: people.directory)
        let tokens = people.secrets.map { Caller(authorization: "Bearer \($0)", workspace: "team") }
        let basic = [Caller(authorization: people.basic, workspace: "team")]
        // The first log-in takes scrypt's time; the ones after it are what a client's requests cost.
        let first = Clock.monotonicNanoseconds
        _ = try await gate.admit(basic[0])
        let logIn = Double(Clock.monotonicNanoseconds - first)
        let results: [(String, Double)] = [
            ("token", try measure(gate, tokens)), ("basic_cached", try measure(gate, basic)),
            ("loopback", try measure(open, [Caller()])), ("basic_first", logIn),
        ]
        let line = JSONObject(results.map { ($0.0, JSONValue.number($0.1.rounded())) })
        FileHandle.standardOutput.write(Data((JSONValue.object(line).description + "\n").utf8))
    }

    /// The median of some rounds, in nanoseconds per request.
    private static func measure(_ gate: Gatekeeper, _ callers: [Caller]) throws -> Double {
        var times: [Double] = []
        for _ in 0..<rounds {
            let start = Clock.monotonicNanoseconds
            for number in 0..<requests {
                // A step that is prime to the number of callers visits all of them, far from each other.
                let caller = callers[number &* 7919 % callers.count]
                guard case .admitted(let principal) = gate.admitNow(caller), principal.permissions.contains(.read)
                else {
                    throw MartletError(.internal, "A caller was turned away.")
                }
                try gate.spend(principal)
            }
            times.append(Double(Clock.monotonicNanoseconds - start) / Double(requests))
        }
        return times.sorted()[rounds / 2]
    }
}

/// Accounts, their tokens and one password.
private struct People {
    let directory: IdentityDirectory
    let secrets: [String]
    let basic: String

    init(accounts: Int, tokensPerAccount: Int) async throws {
        let database = try Database.inMemory()
        try await database.migrate(AccessStore.migrations)
        let store = AccessStore(database: database)
        _ = try await store.createWorkspace(name: "team", quota: WorkspaceQuota(requestsPerSecond: 1e6))
        var secrets: [String] = []
        for number in 0..<accounts {
            let account = try await store.createAccount(name: "user-\(number)", kind: .user, roles: ["team": .editor])
            for _ in 0..<tokensPerAccount {
                let new = NewToken(name: "bench")
                secrets.append(try await store.createToken(for: account.id, new).secret)
            }
        }
        self.secrets = secrets
        directory = IdentityDirectory(store: store)
        try await directory.reload()
        let password = "correct horse battery staple"
        var administrator = Principal.localUser
        administrator.workspace = "team"
        try await AccessAdministration(directory: directory).setPassword(
            of: "user-0",
            to: password,
            current: nil,
            from: nil,
            by: administrator
        )
        basic = "Basic \(Data("user-0:\(password)".utf8).base64EncodedString())"
    }
}
