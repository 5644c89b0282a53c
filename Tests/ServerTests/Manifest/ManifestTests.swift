import Core
import Server
import Testing

@Suite struct ManifestTests {
    private static let data = """
        version: 1
        data:
          rows:
            source: {file: rows.csv}
            target: {column: y, classes: [no, yes]}
        """

    @Test func aManifestIsAppliedOnceAndThenUnchanged() async throws {
        try await RunningServer.with(files: ["rows.csv": "x,y\n1,0\n2,1\n"]) { client in
            let first = try await client.apply(Self.data)
            #expect(first.json?["changes"]?.arrayValue?.first?["change"] == "created")
            let again = try await client.apply(Self.data)
            #expect(again.json?["changes"]?.arrayValue?.first?["change"] == "unchanged")
            let changed = try await client.apply(Self.data + "\n    checks: [{nulls: 0}]\n")
            #expect(changed.json?["changes"]?.arrayValue?.first?["change"] == "changed")
        }
    }

    @Test(arguments: [
        ("version: 2", "'version' must be 1"),
        ("version: 1\ndatta: {}", "'datta' is not a known key"),
        (
            "version: 1\npipelines: {p: {tasks: {a: {step: data.check, neds: [b]}}}}",
            "'pipelines.p.tasks.a.neds' is not a known key"
        ),
        ("version: 1\npipelines: {p: {tasks: {a: {run: [ls], needs: [b]}, b: {run: [ls], needs: [a]}}}}", "a → b → a"),
        ("version: 1\npipelines: {p: {tasks: {a: {run: [ls], needs: [missing]}}}}", "missing"),
        ("version: 1\npipelines: {p: {tasks: {a: {step: no.such}}}}", "no.such"),
        ("version: 1\nmonitors: {m: {deployment: nowhere}}", "'monitors.m.deployment' names 'nowhere'"),
        ("version: 1\ndata: {d: {source: {file: ../secret.csv}}}", "'data.d.source.file'"),
        ("version: 1\ndata: {d: {source: {file: gone.csv}}}", "there is no readable file 'gone.csv'"),
        ("version: [", "malformed"),
        ("[]", "must be an object"),
    ])
    func wrongManifestsAreRefusedWithThePlace(yaml: String, message: String) async throws {
        try await RunningServer.with { client in
            let answer = try await client.apply(yaml)
            #expect((400..<500).contains(answer.status))
            let said = answer.json?["error"]?["message"]?.stringValue ?? ""
            #expect(said.contains(message), "said: \(said)")
            #expect(!said.contains("/tmp"))
            let pipelines = try await client.send("GET", "/api/martlet/v1/pipelines")
            #expect(pipelines.json?["items"] == [])
        }
    }

    @Test func directoriesOutsideTheServersFilesAreRefused() async throws {
        try await RunningServer.with { client in
            for directory in ["/etc", "..", "../.."] {
                let body: JSONValue = ["manifest": .string(Self.data), "directory": .string(directory)]
                let answer = try await client.send("POST", "/api/martlet/v1/apply", body.description)
                #expect(answer.status == 403)
            }
        }
    }

    @Test func manifestsAreBounded() async throws {
        try await RunningServer.with { client in
            let comment = String(repeating: "#", count: ServerLimits.manifestBytes)
            let answer4 = try await client.apply("version: 1\n" + comment)
            #expect(answer4.status == 413)
            let fits = "version: 1\n#" + String(repeating: "x", count: ServerLimits.manifestBytes - 12)
            let answer5 = try await client.apply(fits)
            #expect(answer5.status == 200)
        }
    }
}
