import Access
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

/// The methods for accounts, tokens, workspaces and rights, behind the gate as a server has it.
@Suite struct AccessRoutesTests {
    private let fixture: AccessFixture
    private let router = Router(context: AppRequestContext.self)

    init() async throws {
        fixture = try await AccessFixture()
        let gatekeeper = Gatekeeper(mode: .accounts, identities: fixture.directory)
        router.middlewares.add(Admission(gatekeeper: gatekeeper))
        let routes = RouteTable(router: router, gate: RouteAccess.gate())
        AccessRoutes(administration: fixture.administration).register(in: routes)
        try routes.validate()
        _ = try await fixture.store.createWorkspace(name: "team-a")
        _ = try await fixture.store.createWorkspace(name: "team-b")
        try await fixture.user("root", isServerAdministrator: true)
        try await fixture.user("boss", roles: ["team-a": .administrator])
        try await fixture.user("alice", roles: ["team-a": .editor])
        try await fixture.user("bob", roles: ["team-b": .viewer])
    }

    /// What stands in front of the router in a server.
    private struct Admission: RouterMiddleware {
        typealias Context = AppRequestContext
        let gatekeeper: Gatekeeper

        @concurrent func handle(
            _ request: Request,
            context: AppRequestContext,
            next: @concurrent (Request, AppRequestContext) async throws -> Response
        ) async throws -> Response {
            var context = context
            let workspace = HTTPField.Name("X-Martlet-Workspace").flatMap { request.headers[$0] }
            do {
                context.principal = try await gatekeeper.admit(
                    Caller(authorization: request.headers[.authorization], workspace: workspace, address: "192.0.2.1")
                )
            } catch {
                return ErrorShape.martlet.response(for: MartletError.wrapping(error), requestID: context.requestID)
            }
            return try await next(request, context)
        }
    }

    private struct Reply {
        let status: Int
        let json: JSONValue
        var message: String { json["error"]?["message"]?.stringValue ?? "" }
        var items: [JSONValue] { json["items"]?.arrayValue ?? [] }
    }

    private func send(
        _ who: String,
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: JSONValue? = nil,
        workspace: String? = nil
    ) async throws -> Reply {
        var headers = HTTPFields()
        if who.hasPrefix("mlt_") {
            headers[.authorization] = "Bearer \(who)"
        } else if !who.isEmpty {
            let text = "\(who):\(AccessFixture.password)"
            headers[.authorization] = "Basic \(Self.base64(text))"
        }
        if let workspace, let name = HTTPField.Name("X-Martlet-Workspace") { headers[name] = workspace }
        if body != nil { headers[.contentType] = "application/json" }
        let fields = headers
        return try await Application(router: router).test(.router) { client in
            let response = try await client.execute(
                uri: "/api/martlet/v1/\(path)",
                method: method,
                headers: fields,
                body: body.map { ByteBuffer(bytes: $0.serialized()) }
            )
            return Reply(status: response.status.code, json: try JSONValue.parse(String(buffer: response.body)))
        }
    }

    private static func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var result = ""
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let chunk = bytes[start..<min(start + 3, bytes.count)]
            var word = chunk.reduce(0) { $0 << 8 | Int($1) }
            word <<= 8 * (3 - chunk.count)
            for index in 0..<4 {
                result.append(index <= chunk.count ? alphabet[word >> (18 - 6 * index) & 63] : "=")
            }
        }
        return result
    }

    @Test func nobodyGetsAnythingWithoutLogIn() async throws {
        let paths = ["whoami", "users", "tokens", "workspaces", "workspaces/team-a/roles", "grants", "sessions"]
        for path in paths { #expect(try await send("", .get, path).status == 401) }
        #expect(try await send("mallory", .get, "whoami").status == 401)
    }

    @Test func whoAmI() async throws {
        let alice = try await send("alice", .get, "whoami").json
        #expect(alice["name"] == "alice" && alice["kind"] == "user" && alice["role"] == "editor")
        #expect(alice["workspace"] == "team-a" && alice["workspaces"] == ["team-a"])
        #expect(alice["permissions"] == ["account", "read", "predict", "write"])
        let root = try await send("root", .get, "whoami", workspace: "team-b").json
        #expect(root["workspace"] == "team-b" && root["server_administrator"] == true)
        #expect(try await send("alice", .get, "whoami", workspace: "team-b").status == 404)
        #expect(try await send("alice", .get, "whoami", workspace: "nowhere").status == 404)
    }

    @Test func accountsAreForServerAdministrators() async throws {
        for who in ["alice", "boss"] {
            #expect(try await send(who, .get, "users").status == 403)
            #expect(try await send(who, .post, "users", ["name": "x"]).status == 403)
            #expect(try await send(who, .patch, "users/bob", ["disabled": true]).status == 403)
            #expect(try await send(who, .delete, "users/bob").status == 403)
            #expect(try await send(who, .post, "workspaces", ["name": "mine"]).status == 403)
        }
        let body: JSONValue = ["name": "carol", "password": "correct horse battery", "roles": ["team-b": "viewer"]]
        let made = try await send("root", .post, "users", body)
        #expect(made.status == 201 && made.json["roles"] == ["team-b": "viewer"] && made.json["has_password"] == true)
        #expect(made.json["password"] == nil && !made.json.description.contains("scrypt"))
        #expect(try await send("root", .post, "users", body).status == 409)
        #expect(try await send("root", .post, "users", ["name": "a b"]).status == 400)
        #expect(try await send("root", .post, "users", ["name": "dave", "password": "short"]).status == 400)
        #expect(try await send("root", .post, "users", ["name": "dave", "colour": "red"]).status == 400)
        #expect(try await send("root", .post, "users", ["name": "dave", "roles": ["team-b": "king"]]).status == 400)
        #expect(try await send("root", .get, "users/carol").json["name"] == "carol")
        #expect(try await send("root", .get, "service-accounts/carol").status == 404)
        #expect(try await send("carol", .get, "whoami").status == 200)
        #expect(try await send("root", .patch, "users/carol", ["disabled": true]).json["disabled"] == true)
        #expect(try await send("carol", .get, "whoami").status == 401)
        #expect(try await send("root", .delete, "users/carol").status == 200)
        #expect(try await send("root", .delete, "users/carol").status == 404)
        #expect(try await send("root", .delete, "users/root").status == 409)
        #expect(try await send("root", .patch, "users/root", ["server_administrator": false]).status == 409)
    }

    @Test func listsComeInPages() async throws {
        let first = try await send("root", .get, "users?limit=3")
        #expect(first.items.map { $0["name"] } == ["alice", "bob", "boss"])
        let token = try #require(first.json["next_page_token"]?.stringValue)
        let second = try await send("root", .get, "users?limit=3&page_token=\(token)")
        #expect(second.items.map { $0["name"] } == ["root"] && second.json["next_page_token"] == nil)
        #expect(try await send("root", .get, "users?page_token=x").status == 400)
        #expect(try await send("root", .get, "users?limit=0").status == 400)
    }

    @Test func passwords() async throws {
        let new: JSONValue = ["password": "another horse battery"]
        #expect(try await send("alice", .put, "users/bob/password", new).status == 403)
        #expect(try await send("alice", .put, "users/nobody/password", new).status == 403)
        #expect(try await send("alice", .put, "users/alice/password", new).status == 400)
        var wrong: JSONObject = ["password": "another horse battery", "current_password": "wrong horse battery"]
        #expect(try await send("alice", .put, "users/alice/password", .object(wrong)).status == 401)
        wrong["current_password"] = .string(AccessFixture.password)
        #expect(try await send("alice", .put, "users/alice/password", .object(wrong)).status == 200)
        #expect(try await send("alice", .get, "whoami").status == 401)
        #expect(
            try await send("root", .put, "users/alice/password", ["password": .string(AccessFixture.password)]).status
                == 200
        )
        #expect(try await send("alice", .get, "whoami").status == 200)
    }

    @Test func tokensAreBoundedByWhatMakesThem() async throws {
        let made = try await send(
            "alice",
            .post,
            "tokens",
            ["name": "laptop", "scopes": ["account", "read", "write"], "expires_in": "1d", "workspace": "team-a"]
        )
        #expect(made.status == 201 && made.json["scopes"] == ["account", "read", "write"])
        let secret = try #require(made.json["secret"]?.stringValue)
        let listed = try await send("alice", .get, "tokens").items
        #expect(listed.count == 1 && listed[0]["secret"] == nil && listed[0]["name"] == "laptop")
        let self_ = try await send(secret, .get, "whoami").json
        #expect(self_["permissions"] == ["account", "read", "write"] && self_["token"] == made.json["id"])
        // What it makes can do no more and lives no longer, and ends with it.
        #expect(try await send(secret, .post, "tokens", ["name": "x", "scopes": ["predict"]]).status == 403)
        #expect(try await send(secret, .post, "tokens", ["name": "x", "scopes": ["server"]]).status == 403)
        let child = try await send(
            secret,
            .post,
            "tokens",
            ["name": "x", "scopes": ["account", "read"], "expires_in": "9d"]
        )
        #expect(child.json["expires_at"] == made.json["expires_at"] && child.json["workspace"] == "team-a")
        let inner = try #require(child.json["secret"]?.stringValue)
        #expect(try await send(inner, .get, "whoami").status == 200)
        let id = try #require(made.json["id"]?.stringValue)
        #expect(try await send("bob", .get, "tokens/\(id)").status == 404)
        #expect(try await send("bob", .delete, "tokens/\(id)").status == 404)
        #expect(try await send("alice", .delete, "tokens/\(id)").status == 200)
        for token in [secret, inner] { #expect(try await send(token, .get, "whoami").status == 401) }
        for body: JSONValue in [
            [:], ["name": ""], ["name": "x", "scopes": ["king"]], ["name": "x", "expires_in": "1d", "expires_at": 5],
            ["name": "x", "expires_at": 5], ["name": "x", "rate_per_second": 0],
        ] {
            #expect(try await send("alice", .post, "tokens", body).status == 400)
        }
        #expect(try await send("alice", .post, "tokens", ["name": "x", "workspace": "team-b"]).status == 404)
    }

    @Test func aTokenIsNeverMoreThanItsOwner() async throws {
        let made = try await send(
            "alice",
            .post,
            "tokens",
            ["name": "all", "scopes": ["account", "read", "write", "admin", "server"]]
        )
        let secret = try #require(made.json["secret"]?.stringValue)
        #expect(try await send(secret, .get, "users").status == 403)
        #expect(try await send(secret, .get, "grants").status == 403)
        #expect(try await send("root", .put, "workspaces/team-a/roles/alice", ["role": "viewer"]).status == 200)
        #expect(try await send(secret, .get, "whoami").json["permissions"] == ["account", "read"])
        #expect(try await send("root", .put, "workspaces/team-a/roles/alice", ["role": "administrator"]).status == 200)
        #expect(try await send(secret, .get, "grants").status == 200)
    }

    @Test func tokensOfOthers() async throws {
        #expect(
            try await send("root", .post, "service-accounts", ["name": "ci", "roles": ["team-a": "editor"]]).status
                == 201
        )
        #expect(
            try await send("root", .post, "service-accounts", ["name": "p", "password": "correct horse battery"]).status
                == 400
        )
        #expect(try await send("alice", .post, "tokens", ["name": "x", "account": "ci"]).status == 403)
        #expect(try await send("alice", .get, "tokens?account=ci").status == 403)
        #expect(try await send("alice", .get, "tokens?all=true").status == 403)
        // The tokens of a person are theirs to make.
        #expect(try await send("root", .post, "tokens", ["name": "x", "account": "alice"]).status == 403)
        let made = try await send("root", .post, "tokens", ["name": "x", "account": "ci"])
        let secret = try #require(made.json["secret"]?.stringValue)
        #expect(try await send(secret, .get, "whoami").json["kind"] == "service_account")
        #expect(try await send("root", .get, "tokens?all=true").items.count == 1)
        #expect(try await send("root", .get, "tokens?account=ci").items.count == 1)
    }

    @Test func rolesWithinTheOwnWorkspace() async throws {
        #expect(try await send("alice", .get, "workspaces/team-a/roles").status == 403)
        #expect(
            try await send("boss", .get, "workspaces/team-a/roles").items.map { $0["account"] } == ["alice", "boss"]
        )
        #expect(try await send("boss", .get, "workspaces/team-b/roles").status == 404)
        #expect(try await send("boss", .put, "workspaces/team-b/roles/alice", ["role": "viewer"]).status == 404)
        #expect(try await send("boss", .put, "workspaces/%2A/roles/boss", ["role": "viewer"]).status == 404)
        #expect(try await send("boss", .delete, "workspaces/team-b/roles/bob").status == 404)
        #expect(try await send("boss", .put, "workspaces/team-a/roles/bob", ["role": "operator"]).status == 200)
        #expect(try await send("bob", .get, "whoami", workspace: "team-a").json["role"] == "operator")
        #expect(try await send("boss", .delete, "workspaces/team-a/roles/bob").status == 200)
        #expect(try await send("bob", .get, "whoami", workspace: "team-a").status == 404)
        #expect(try await send("boss", .put, "workspaces/team-a/roles/nobody", ["role": "viewer"]).status == 404)
        #expect(try await send("boss", .put, "workspaces/team-a/roles/bob", ["role": "king"]).status == 400)
        #expect(try await send("root", .put, "workspaces/%2A/roles/bob", ["role": "viewer"]).status == 200)
        #expect(try await send("bob", .get, "whoami", workspace: "default").json["role"] == "viewer")
        // With a token that lacks a permission, nobody gives it.
        let made = try await send("boss", .post, "tokens", ["name": "x", "scopes": ["account", "read", "admin"]])
        let secret = try #require(made.json["secret"]?.stringValue)
        #expect(try await send(secret, .put, "workspaces/team-a/roles/bob", ["role": "operator"]).status == 403)
        #expect(try await send(secret, .put, "workspaces/team-a/roles/alice", ["role": "viewer"]).status == 403)
    }

    @Test func workspacesOfOthersAreNotThere() async throws {
        #expect(try await send("alice", .get, "workspaces").items.map { $0["name"] } == ["team-a"])
        #expect(try await send("alice", .get, "workspaces/team-a").status == 200)
        let hidden = try await send("alice", .get, "workspaces/team-b")
        let absent = try await send("alice", .get, "workspaces/team-x")
        #expect(hidden.status == 404 && absent.status == 404)
        #expect(hidden.message.replacing("team-b", with: "team-x") == absent.message)
        #expect(try await send("root", .get, "workspaces").items.count == 3)
        let quota: JSONValue = ["storage_bytes": 5, "requests_per_second": 2.5]
        let made = try await send("root", .post, "workspaces", ["name": "team-c", "quota": quota])
        #expect(made.status == 201 && made.json["quota"] == quota)
        #expect(try await send("root", .patch, "workspaces/team-c", ["quota": [:]]).json["quota"] == [:])
        #expect(try await send("root", .post, "workspaces", ["name": "Team"]).status == 400)
        #expect(try await send("root", .post, "workspaces", ["name": "t", "quota": ["x": 1]]).status == 400)
        #expect(try await send("root", .delete, "workspaces/default").status == 409)
        #expect(try await send("root", .delete, "workspaces/team-a").status == 200)
        #expect(try await send("alice", .get, "whoami", workspace: "team-a").status == 404)
        #expect(try await send("root", .get, "workspaces?deleted=true").items.map { $0["name"] } == ["team-a"])
        #expect(try await send("alice", .get, "workspaces?deleted=true").status == 403)
        #expect(try await send("root", .post, "workspaces/team-a/restore").status == 200)
        #expect(try await send("alice", .get, "whoami", workspace: "team-a").json["role"] == "editor")
    }

    @Test func grants() async throws {
        let body: JSONValue = ["account": "bob", "kind": "experiment", "id": "7", "permissions": ["read"]]
        #expect(try await send("alice", .post, "grants", body).status == 403)
        let made = try await send("boss", .post, "grants", body)
        #expect(made.status == 201 && made.json["workspace"] == "team-a")
        let id = try #require(made.json["grant_id"]?.stringValue)
        #expect(try await send("boss", .get, "grants?account=BOB").items.count == 1)
        #expect(try await send("boss", .get, "grants?account=alice").items.isEmpty)
        // A right to one thing makes the workspace visible, and nothing else.
        #expect(try await send("bob", .get, "whoami", workspace: "team-a").json["permissions"] == ["account"])
        #expect(try await send("root", .get, "grants", workspace: "team-b").items.isEmpty)
        #expect(try await send("root", .delete, "grants/\(id)", workspace: "team-b").status == 404)
        #expect(try await send("boss", .delete, "grants/\(id)").status == 200)
        #expect(try await send("bob", .get, "whoami", workspace: "team-a").status == 404)
        for (key, value): (String, JSONValue) in [
            ("kind", "king"), ("permissions", ["server"]), ("permissions", []), ("id", ""), ("id", "a*b"), ("id", 7),
        ] {
            var wrong = try #require(body.objectValue)
            wrong[key] = value
            #expect(try await send("boss", .post, "grants", .object(wrong)).status == 400)
        }
    }

    @Test func rulesOfGroups() async throws {
        let rules: JSONValue = ["items": [["group": "ml", "workspace": "team-a", "role": "editor"]]]
        #expect(try await send("boss", .put, "group-rules", rules).status == 403)
        #expect(try await send("root", .put, "group-rules", rules).json == rules)
        #expect(try await send("root", .get, "group-rules").json == rules)
        #expect(try await send("root", .put, "group-rules", ["items": [["group": "ml"]]]).status == 400)
        #expect(
            try await send("root", .put, "group-rules", ["items": [["group": "ml", "role": "king"]]]).status == 400
        )
    }

    @Test func ownSessions() async throws {
        let alice = try #require(fixture.directory.account(name: "alice"))
        let session = fixture.session(alice, SessionSecret.make())
        try await fixture.store.createSession(session)
        #expect(try await send("alice", .get, "sessions").items.map { $0["id"] } == [.string(session.id)])
        #expect(try await send("bob", .get, "sessions").items.isEmpty)
        #expect(try await send("bob", .delete, "sessions/\(session.id)").status == 404)
        #expect(try await send("bob", .delete, "users/alice/sessions").status == 403)
        #expect(try await send("alice", .delete, "sessions/\(session.id)").status == 200)
        try await fixture.store.createSession(fixture.session(alice, SessionSecret.make()))
        #expect(try await send("root", .delete, "users/alice/sessions").json["ended"] == 1)
        #expect(try await send("alice", .delete, "sessions").json["ended"] == 0)
    }
}
