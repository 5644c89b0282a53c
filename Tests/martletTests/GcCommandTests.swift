import Core
import Testing
import martlet

/// Collecting through a server.
struct GcCommandTests {
    @Test func collects() async throws {
        let report: JSONValue = [
            "dry_run": true, "experiments": 1, "runs": 2, "logged_models": 0, "versions": 1, "folders": 3, "files": 12,
            "bytes": 1_530_000, "kept": ["run r1: version 1 of model 'reg' needs its files"], "young_folders": 2,
            "unknown": ["0/shared"],
        ]
        let server = CannedServer(["POST /api/martlet/v1/collections": report])
        #expect(await server.run("gc", "--dry-run", "--older-than", "12h") == 0)
        try expectGolden(server.output + server.errors, "gc.txt")
        #expect(await server.run("gc", "--json") == 0)
        #expect(
            server.bodies == [
                ["older_than_ms": 43_200_000, "dry_run": true], ["older_than_ms": 2_592_000_000, "dry_run": false],
            ]
        )
        for age in ["30", "-1d", "soon", "d", "1.5d", "9999999d"] {
            #expect(await server.run("gc", "--older-than=\(age)") == 1, "\(age)")
        }
        #expect(server.bodies.count == 2 && CommandLimits.collectionTimeout > CommandLimits.requestTimeout)
        #expect(CommandLimits.importPause > .zero)
    }
}
