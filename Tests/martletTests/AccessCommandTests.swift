import Core
import Foundation
import TestSupport
import Testing
import martlet

/// Commands about accounts, tokens, workspaces and grants, seen from both sides.
struct AccessCommandTests {
    private static let api = "/api/martlet/v1"

    /// A file that is gone after the test.
    private final class Scratch {
        let path: String

        init(_ text: String) throws {
            path = FileManager.default.temporaryDirectory.appending(path: "access-\(Identifier.random())").path
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private static let alice: JSONValue = [
        "name": "alice", "id": "1", "kind": "user", "server_administrator": true, "disabled": false,
        "has_password": true, "roles": ["default": "editor"], "created_at": 1_767_225_600_000,
        "last_login_at": 1_767_225_660_000,
    ]

    @Test func lists() async throws {
        let bob: JSONValue = [
            "name": "bob", "server_administrator": false, "disabled": true, "has_password": false, "roles": [:],
        ]
        let token: JSONValue = [
            "id": "7", "name": "laptop", "account": "alice", "prefix": "mlt_abcdef", "scopes": ["read", "write"],
            "created_at": 1_767_225_600_000, "last_used_at": 1_767_225_660_000,
        ]
        let grant: JSONValue = [
            "grant_id": "9", "account": "bob", "kind": "experiment", "id": "7", "permissions": ["read"],
        ]
        let team: JSONValue = [
            "name": "team-a", "description": "A", "quota": ["storage_bytes": 107_374_182_400, "concurrent_tasks": 4],
        ]
        let server = CannedServer([
            "GET \(Self.api)/users?limit=50": ["items": [Self.alice, bob]],
            "GET \(Self.api)/service-accounts?limit=50": ["items": []],
            "GET \(Self.api)/tokens?all=true&limit=50": ["items": [token]],
            "GET \(Self.api)/grants?limit=50": ["items": [grant]],
            "GET \(Self.api)/workspaces?limit=50": ["items": [team]],
            "GET \(Self.api)/workspaces/%2A/roles?limit=50": [
                "items": [["account": "bob", "role": "viewer", "kind": "user"]]
            ],
            "GET \(Self.api)/whoami": [
                "name": "alice", "kind": "service_account", "workspace": "team-a", "role": "editor",
                "permissions": ["account", "read"], "server_administrator": false, "workspaces": ["team-a"],
            ],
        ])
        for command in [
            ["user", "list"], ["service-account", "list"], ["token", "list", "--all"], ["grant", "list"],
            ["workspace", "list"], ["workspace", "role", "list", "*"], ["whoami"],
        ] {
            #expect(await server.run(command) == 0)
        }
        try expectGolden(server.output, "access.txt")
        #expect(server.errors.isEmpty)
    }

    @Test func whatIsSent() async throws {
        let server = CannedServer([
            "POST \(Self.api)/users": Self.alice, "POST \(Self.api)/service-accounts": Self.alice,
            "PATCH \(Self.api)/users/alice": Self.alice, "DELETE \(Self.api)/users/alice": [:],
            "PUT \(Self.api)/users/alice/password": [:], "DELETE \(Self.api)/users/alice/sessions": ["ended": 2],
            "POST \(Self.api)/tokens": ["secret": "mlt_secret", "id": "7"], "DELETE \(Self.api)/tokens/7": [:],
            "POST \(Self.api)/workspaces": ["name": "team-a", "quota": [:]],
            "GET \(Self.api)/workspaces/team-a": ["quota": ["concurrent_tasks": 3, "requests_per_second": 5]],
            "PATCH \(Self.api)/workspaces/team-a": ["name": "team-a", "quota": [:]],
            "PUT \(Self.api)/workspaces/team-a/roles/alice": [:], "POST \(Self.api)/grants": ["grant_id": "9"],
        ])
        let password = try Scratch("correct horse battery\n")
        let lines: [[String]] = [
            ["user", "create", "alice", "--password-file", password.path, "--role", "default=editor"],
            ["user", "create", "alice", "--no-password", "--server-administrator"],
            ["user", "password", "alice", "--password-file", password.path],
            ["user", "disable", "alice"], ["user", "enable", "alice"], ["user", "logout", "alice"],
            ["user", "delete", "alice"], ["service-account", "create", "ci"],
            ["token", "create", "laptop", "--scope", "read", "--expires", "90d", "--rate", "2.5"],
            ["token", "create", "bot", "--account", "ci", "--for-workspace", "team-a"], ["token", "revoke", "7"],
            ["workspace", "create", "team-a", "--storage", "1GiB", "--description", "A"],
            ["workspace", "set", "team-a", "--tasks", "none", "--model-memory", "2GiB"],
            ["workspace", "role", "set", "team-a", "alice", "editor"],
            ["grant", "give", "bob", "experiment", "7", "--permission", "read"],
        ]
        for line in lines { #expect(await server.run(line) == 0, "\(line)") }
        let bodies: [JSONValue] = [
            ["name": "alice", "roles": ["default": "editor"], "password": "correct horse battery"],
            ["name": "alice", "roles": [:], "server_administrator": true], ["password": "correct horse battery"],
            ["disabled": true], ["disabled": false], ["name": "ci", "roles": [:]],
            ["name": "laptop", "scopes": ["read"], "expires_in": "90d", "rate_per_second": 2.5],
            ["name": "bot", "account": "ci", "workspace": "team-a"],
            ["name": "team-a", "description": "A", "quota": ["storage_bytes": 1_073_741_824]],
            ["quota": ["requests_per_second": 5, "model_memory_bytes": 2_147_483_648]], ["role": "editor"],
            ["account": "bob", "kind": "experiment", "id": "7", "permissions": ["read"]],
        ]
        #expect(server.bodies == bodies)
        #expect(server.output.contains("mlt_secret\n"))
        #expect(server.errors.contains("martlet token revoke 7"))
    }

    @Test func whatIsRefusedBeforeItIsSent() async throws {
        let server = CannedServer(["GET \(Self.api)/workspaces/team-a": ["quota": [:]]])
        let empty = try Scratch("")
        for line in [
            ["user", "create", "alice", "--role", "editor"], ["workspace", "create", "t", "--storage", "much"],
            ["workspace", "create", "t", "--tasks", "1.5"], ["workspace", "set", "team-a"],
            ["user", "create", "alice", "--password-file", empty.path],
            ["user", "create", "alice", "--password-file", "/no/such/file"],
            ["token", "create", "x", "--data", "somewhere"], ["token", "create", "x", "--offline", "--scope", "read"],
        ] {
            #expect(await server.run(line) != 0, "\(line)")
        }
        #expect(server.requests == ["GET \(Self.api)/workspaces/team-a"])
    }

    @Test func whoAsks() throws {
        let token = try Scratch("  mlt_file\n")
        func access(_ file: String?, _ workspace: String?, _ environment: [String: String]) throws -> [String] {
            try ClientAccess(tokenFile: file, workspace: workspace, environment: environment).headers.map {
                "\($0.name): \($0.value)"
            }
        }
        #expect(try access(nil, nil, [:]).isEmpty)
        #expect(try access(nil, nil, ["MARTLET_TOKEN": "", "MARTLET_WORKSPACE": ""]).isEmpty)
        #expect(try access(nil, nil, ["MARTLET_TOKEN": "mlt_env"]) == ["authorization: Bearer mlt_env"])
        #expect(try access(token.path, nil, ["MARTLET_TOKEN": "mlt_env"]) == ["authorization: Bearer mlt_file"])
        let basic = ["MARTLET_USERNAME": "a", "MARTLET_PASSWORD": "b"]
        #expect(try access(nil, "team", basic) == ["authorization: Basic YTpi", "x-martlet-workspace: team"])
        #expect(try access(nil, "x", ["MARTLET_WORKSPACE": "y"]) == ["x-martlet-workspace: x"])
        let bad = try Scratch("two words")
        let large = try Scratch(String(repeating: "x", count: CommandLimits.tokenFileBytes + 1))
        for file in [bad.path, large.path, "/no/such/file"] {
            #expect(throws: MartletError.self) { try access(file, nil, [:]) }
        }
        #expect(throws: MartletError.self) { try access(nil, nil, ["MARTLET_TOKEN": "a\r\nx: y"]) }
        #expect(throws: MartletError.self) { try access(nil, "a\r\nx: y", [:]) }
    }
}
