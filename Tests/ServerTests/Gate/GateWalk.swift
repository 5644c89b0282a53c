import Access
import Core
import Foundation
import HTTPSupport
import NIOCore
import Logging
import NIOHTTP1
import Server
import Synchronization
import Testing

/// A whole server with accounts, its own list of routes, and somebody of every kind who calls.
struct GateWalk: Sendable {
    /// A route as the server describes it.
    struct Route: Sendable, CustomStringConvertible {
        let method: String
        let path: String
        let permission: Permission

        var description: String { "\(method) \(path) (\(permission.rawValue))" }

        /// The path with names in its places that nothing has.
        var address: String {
            path.replacing(/\{[^}]*\}/, with: "gate-none").replacing("**", with: "gate/none")
                .replacing("*", with: "gate-none")
        }
    }

    /// Somebody who calls; `permissions` is nil for those whom nobody knows.
    struct Caller: Sendable {
        let name: String
        let secret: String?
        let permissions: PermissionSet?
    }

    let client: RunningServer.Client
    let routes: [Route]
    let callers: [Caller]

    /// Starts a server on loopback whose callers must have accounts, and makes them.
    static func with(_ body: @escaping @Sendable (GateWalk) async throws -> Void) async throws {
        let data = RunningServer.temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: data) }
        var settings = ServerSettings()
        settings.port = 0
        settings.data = data
        settings.inference.grpcPort = .off
        settings.binding.auth = .required
        let first = Mutex<String?>(nil)
        let server = MartletServer(settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await server.run(
            companion: { address in
                let token = try #require(first.withLock { $0 })
                try await body(try await GateWalk(RunningServer.Client(address: address), token))
            },
            onFirstToken: { token in first.withLock { $0 = token } }
        )
    }

    private init(_ client: RunningServer.Client, _ administrator: String) async throws {
        self.client = client
        for name in ["alpha", "beta"] {
            _ = try await Self.manage(client, administrator, "POST", "/workspaces", ["name": .string(name)])
        }
        func token(_ account: String, _ fields: JSONObject = [:]) async throws -> JSONValue {
            var body = fields
            body["name"] = .string("gate")
            body["account"] = .string(account)
            return try await Self.manage(client, administrator, "POST", "/tokens", .object(body))
        }
        var callers = [Caller(name: "nobody", secret: nil, permissions: nil)]
        for role in Role.allCases {
            let account: JSONValue = ["name": .string(role.rawValue), "roles": ["alpha": .string(role.rawValue)]]
            _ = try await Self.manage(client, administrator, "POST", "/service-accounts", account)
            let secret = try await token(role.rawValue)["secret"]?.stringValue
            callers.append(Caller(name: role.rawValue, secret: secret, permissions: role.permissions))
        }
        let root: JSONValue = ["name": "root", "server_administrator": true]
        _ = try await Self.manage(client, administrator, "POST", "/service-accounts", root)
        // Without scopes of its own a token is for no server's affairs, whoever has it.
        let scopes = JSONValue.array(Permission.allCases.map { .string($0.rawValue) })
        let secret = try await token("root", ["scopes": scopes])["secret"]?.stringValue
        callers.append(Caller(name: "root", secret: secret, permissions: .all))
        let narrow = try await token("administrator", ["scopes": ["read"]])
        callers.append(
            Caller(
                name: "narrow token",
                secret: narrow["secret"]?.stringValue,
                permissions: PermissionSet([.open, .read])
            )
        )
        let revoked = try await token("administrator")
        let id = try #require(revoked["id"]?.stringValue)
        _ = try await Self.manage(client, administrator, "DELETE", "/tokens/\(id)")
        callers.append(Caller(name: "revoked token", secret: revoked["secret"]?.stringValue, permissions: nil))
        callers.append(
            Caller(name: "unknown token", secret: "mlt_" + String(repeating: "A", count: 43), permissions: nil)
        )
        self.callers = callers
        let listed = try await Self.manage(client, administrator, "GET", "/permissions")
        routes = try (listed["items"]?.arrayValue ?? []).map { item in
            Route(
                method: try #require(item["method"]?.stringValue),
                path: try #require(item["path"]?.stringValue),
                permission: try #require(item["permission"]?.stringValue.flatMap(Permission.init(rawValue:)))
            )
        }
    }

    private static func manage(
        _ client: RunningServer.Client,
        _ secret: String,
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil
    ) async throws -> JSONValue {
        let answer = try await client.send(
            method,
            "/api/martlet/v1" + path,
            body?.description,
            headers: [("authorization", "Bearer \(secret)"), ("content-type", "application/json")]
        )
        guard (200..<300).contains(answer.status) else {
            throw MartletError(.internal, "\(method) \(path): \(answer.status) \(answer.body)")
        }
        return answer.json ?? .null
    }

    /// What a route answers a caller who names a workspace.
    func ask(_ route: Route, _ caller: Caller, workspace: String) async throws -> UInt {
        var headers = [("content-type", "application/json"), ("x-mlflow-workspace", workspace)]
        if let secret = caller.secret { headers.append(("authorization", "Bearer \(secret)")) }
        let body = ["GET", "HEAD", "DELETE"].contains(route.method) ? nil : "{}"
        do {
            return try await client.send(route.method, route.address, body, headers: headers).status
        } catch is ChannelError {
            // A connection that rests may be closed by the other side at any moment (RFC 9112, section 9.3.1).
            return try await client.send(route.method, route.address, body, headers: headers).status
        }
    }
}
