import Core
import Foundation
import Testing
import martlet

/// `martlet secret`: values come from files and variables, and go to the server alone.
struct SecretCommandTests {
    private static let listed: JSONValue = [
        "items": [
            [
                "name": "api-key", "version": 3, "created_at": 0, "created_by": "alice",
                "updated_at": 1_700_000_000_000,
                "updated_by": "bob", "key_id": "0011223344556677",
            ]
        ]
    ]

    private let server = CannedServer([
        "GET /api/martlet/v1/secrets": Self.listed, "PUT /api/martlet/v1/secrets/a": ["name": "a", "version": 2],
    ])

    @Test func aTooLongFileIsRefusedBeforeItIsSent() async throws {
        let path = NSTemporaryDirectory() + "martlet-secret-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(repeating: 0x61, count: CommandLimits.secretBytes + 1).write(to: URL(fileURLWithPath: path))
        #expect(await server.run("secret", "set", "a", "--from-file", path) != 0)
        #expect(server.errors.contains("\(CommandLimits.secretBytes) bytes"))
        #expect(server.requests.isEmpty)
        try Data(repeating: 0x61, count: CommandLimits.secretBytes).write(to: URL(fileURLWithPath: path))
        #expect(await server.run("secret", "set", "a", "--from-file", path) == 0)
        #expect(server.bodies.first?["value"]?.stringValue?.utf8.count == CommandLimits.secretBytes)
        #expect(server.output == "a is set (version 2).\n")
    }

    @Test func aListShowsEverythingButValues() async {
        #expect(await server.run("secret", "list") == 0)
        for word in ["api-key", "3", "bob", "0011223344556677"] { #expect(server.output.contains(word)) }
    }

    @Test func aValueIsNoArgument() async {
        #expect(await server.run("secret", "set", "a", "the-value") != 0)
        #expect(server.requests.isEmpty)
    }
}
