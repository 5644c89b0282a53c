import Access
import Console
import Core
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Storage
import TestSupport
import Testing

/// The pages about accounts over the real stores and the real rules of the gate.
@Suite(.overEveryDatabase)
struct ConsoleAccessTests {
    private static let password = "correct horse battery"
    private static let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]

    /// Accounts and records over one database, and the console of the fixture with them.
    private struct House {
        let console: ConsoleFixture
        let database: Database
        let directory: IdentityDirectory
        let log: AuditLog
        let clock = ManualClock()

        init(hasAccounts: Bool = true) async throws {
            console = try await ConsoleFixture()
            database = try await TestDatabase.current.open()
            try await database.migrate(AccessStore.migrations + AuditLog.migrations)
            log = AuditLog(database: database, name: "default", clock: clock.clock)
            directory = IdentityDirectory(
                store: AccessStore(database: database, clock: clock.clock),
                clock: clock.clock,
                parameters: ScryptParameters(logN: 4, r: 1, p: 1),
                logger: Logger(label: "test")
            )
            try await directory.reload()
        }

        /// Runs requests of one caller.
        func asking(
            _ caller: Principal,
            hasAccounts: Bool = true,
            _ body: @Sendable (any TestClientProtocol) async throws -> Void
        ) async throws {
            let access = ConsoleAccess(
                hasAccounts: hasAccounts,
                directory: directory,
                administration: AccessAdministration(directory: directory),
                log: log,
                serverLog: log,
                secrets: ConsoleSecrets(list: { [] }, set: { _, _, _ in }, delete: { _ in }),
                clock: clock.clock
            )
            let router = Router(context: AppRequestContext.self)
            let gate = RouteGate { entry, _, _ in
                guard entry.permission == .open || caller.permissions.contains(entry.permission) else {
                    throw MartletError(.permissionDenied, "Not this one.")
                }
                return caller
            }
            let routes = RouteTable(router: router, gate: gate)
            try ConsoleRoutes(sources: console.sources, access: access, version: "0.1").register(in: routes)
            try routes.validate()
            try await Application(router: router).test(.router) { try await body($0) }
        }
    }

    private struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String
    }

    private func send(
        _ client: any TestClientProtocol,
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String = "",
        site: String? = "same-origin"
    ) async throws -> Answer {
        var headers = method == .post ? Self.form : [:]
        if let site { headers[HTTPField.Name("Sec-Fetch-Site") ?? .eTag] = site }
        return try await client.execute(uri: path, method: method, headers: headers, body: ByteBuffer(string: body)) {
            Answer(
                status: Int($0.status.code),
                headers: $0.headers,
                text: String(decoding: $0.body.readableBytesView, as: UTF8.self)
            )
        }
    }

    private static let pages = [
        "/access", "/access/tokens", "/access/grants", "/access/workspaces", "/secrets", "/audit",
    ]

    @Test func withoutAccountsThePagesWorkAndNobodyLogsIn() async throws {
        let house = try await House()
        try await house.asking(.localUser, hasAccounts: false) { client in
            for path in Self.pages {
                let answer = try await send(client, .get, path)
                #expect(answer.status == 200, "\(path)")
                #expect(!answer.text.contains("Signed in as"), "\(path)")
                #expect(answer.headers[.contentSecurityPolicy]?.contains("frame-ancestors 'none'") == true, "\(path)")
            }
            #expect(try await send(client, .get, "/login").headers[.location] == "/")
            #expect(try await send(client, .get, "/account").status == 404)
            let made = try await send(client, .post, "/access/programs", "name=ci&role=editor")
            #expect(made.status == 303 && made.headers[.location] == "/access")
            #expect(house.directory.account(name: "ci")?.roles == ["default": .editor])
            #expect(try await send(client, .post, "/access/programs", "name=x&role=", site: "cross-site").status == 403)
            let twice = try await send(client, .post, "/access/programs", "name=ci&role=editor")
            #expect(twice.status == 409 && twice.text.contains("notice bad"))
            let token = try await send(client, .post, "/access/tokens", "name=t&owner=ci&scopes=read&days=30")
            #expect(token.status == 200 && token.text.contains("mlt_") && token.headers[.cacheControl] == "no-store")
            let none = try await send(client, .post, "/access/tokens", "name=t&owner=ci")
            #expect(none.status == 400 && none.text.contains("tick at least one box"))
        }
    }

    @Test func theLoginAnswersAlike() async throws {
        let house = try await House()
        _ = try await AccessAdministration(directory: house.directory).create(
            .user,
            name: "anna",
            password: Self.password,
            by: .localUser
        )
        try await house.asking(.anonymous) { client in
            let page = try await send(client, .get, "/login?next=//evil.example")
            #expect(page.status == 200 && page.text.contains("name=\"next\" value=\"/\""))
            let good = "name=anna&password=correct+horse+battery&next=%2Fmodels"
            let done = try await send(client, .post, "/login", good)
            #expect(done.status == 303 && done.headers[.location] == "/models")
            #expect(done.headers[.setCookie]?.hasPrefix("martlet_session=") == true)
            #expect(try await send(client, .post, "/login", good, site: "cross-site").status == 403)
            let wrong = try await send(client, .post, "/login", "name=anna&password=wrong+password")
            let unknown = try await send(client, .post, "/login", "name=berta&password=wrong+password")
            #expect(wrong.status == 401 && unknown.status == 401)
            #expect(wrong.text.replacing("anna", with: "berta") == unknown.text)
            #expect(wrong.headers[.setCookie] == nil && !wrong.text.contains("wrong+password"))
            #expect(try await send(client, .post, "/login", "token=mlt_nothing").status == 401)
        }
    }

    @Test func aPageOfRecordsHasSoManyAndTheChainIsLookedAtNowAndThen() async throws {
        let house = try await House()
        let entries = (0...ConsoleLimits.auditRecords).map { index in
            AuditEntry(
                time: house.clock.clock.now,
                actor: "actor \(index)!",
                workspace: "default",
                action: "POST /x",
                after: ["a": 1]
            )
        }
        try await house.log.append(entries)
        try await house.asking(.localUser, hasAccounts: false) { client in
            let first = try await send(client, .get, "/audit")
            #expect(first.text.components(separatedBy: "<li><details>").count - 1 == ConsoleLimits.auditRecords)
            #expect(
                first.text.contains("chain whole, \(entries.count) records") && first.text.contains("Older records")
            )
            #expect(!first.text.contains("actor 0!"))
            try await house.log.append([entries[0]])
            #expect(try await send(client, .get, "/audit").text.contains("chain whole, \(entries.count) records"))
            house.clock.advance(by: .seconds(ConsoleLimits.chainSeconds))
            #expect(try await send(client, .get, "/audit").text.contains("chain whole, \(entries.count + 1) records"))
            #expect(try await send(client, .get, "/audit?actor=nobody").text.contains("No record matches"))
        }
        #expect(ConsoleLimits.chainRecords > entries.count)
    }
}
