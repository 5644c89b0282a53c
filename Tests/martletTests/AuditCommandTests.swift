import Access
import Core
import Foundation
import Testing
import martlet

/// The audit log from the command line.
struct AuditCommandTests {
    private static let path = "/api/martlet/v1/audit"

    /// A chain of three records.
    private static let records: [AuditRecord] = {
        var head = AuditHead.empty
        return ["alice", "bob", "alice"].enumerated().map { index, actor in
            let entry = AuditEntry(
                time: Timestamp(milliseconds: 1_767_225_600_000 + Int64(index) * 1000),
                actor: actor,
                workspace: "default",
                action: "POST /things",
                object: "thing:\(index)",
                after: ["colour": "red"],
                outcome: actor == "bob" ? .denied : .done,
                reason: actor == "bob" ? "Only editors may." : nil
            )
            let record = AuditRecord(entry, after: head)
            head = record.head
            return record
        }
    }()

    private static func server(_ records: [AuditRecord] = Self.records, head: AuditHead? = nil) -> CannedServer {
        let head = head ?? records.last?.head ?? .empty
        return CannedServer([
            "GET \(path)/head": [
                "log": "default", "sequence": .integer(head.sequence), "hash": .string(head.hash),
            ],
            "GET \(path)?order=asc&limit=\(AuditLimits.pageRecords)": ["items": .array(records.map(\.json))],
            "GET \(path)?limit=50": ["items": .array(records.reversed().map(\.json))],
        ])
    }

    @Test("a chain that is whole is verified, and its anchor printed")
    func verifies() async throws {
        let server = Self.server()
        #expect(await server.run("audit", "verify") == 0)
        let anchor = "default:3:\(Self.records[2].hash)"
        #expect(server.output == "default: 3 records, unbroken\n  anchor: \(anchor)\n")
        #expect(await server.run("audit", "verify", "--anchor", anchor) == 0)
        let early = "default:1:\(Self.records[0].hash)"
        #expect(await server.run("audit", "verify", "--anchor", early, "--anchor", anchor) == 0)
    }

    @Test("what the server tells is hashed here")
    func catchesServer() async throws {
        var changed = Self.records
        changed[1].entry.actor = "mallory"
        let server = Self.server(changed)
        #expect(await server.run("audit", "verify") != 0)
        #expect(server.errors.contains("record 2"))
        let cut = Self.server(Array(Self.records.prefix(2)))
        #expect(await cut.run("audit", "verify") == 0)
        #expect(await cut.run("audit", "verify", "--anchor", "default:3:\(Self.records[2].hash)") != 0)
        #expect(cut.errors.contains("cut off"))
        // The server says that there are more than it shows.
        let hiding = Self.server(Array(Self.records.prefix(2)), head: Self.records[2].head)
        #expect(await hiding.run("audit", "verify") != 0)
    }

    @Test("an exported file is verified without a server")
    func export() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "martlet-audit-\(Identifier.random()).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        let server = Self.server()
        #expect(await server.run("audit", "export", "--output", file.path()) == 0)
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.split(separator: "\n").count == 4)
        let alone = CannedServer([String: JSONValue]())
        #expect(await alone.run("audit", "verify", "--file", file.path()) == 0)
        let lines = text.split(separator: "\n").map(String.init)
        let broken = [
            Array(lines.dropLast()), Array(lines.dropFirst()), [lines[0], lines[2], lines[3]],
            [lines[0], lines[1], lines[3]],
            [lines[0], lines[1].replacing("bob", with: "bab"), lines[2], lines[3]], lines + ["{}"],
            [String(repeating: " ", count: AuditLimits.lineBytes + 1)] + lines,
        ]
        for lines in broken {
            try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
            #expect(await alone.run("audit", "verify", "--file", file.path()) != 0)
        }
    }

    @Test("records are listed, refusals with their reason")
    func lists() async throws {
        let server = Self.server()
        #expect(await server.run("audit", "list") == 0)
        #expect(server.output.contains("bob    denied"))
        #expect(server.output.contains("thing:2"))
        let all = AuditLimits.defaultPageRecords
        #expect(all <= AuditLimits.pageRecords)
    }
}
