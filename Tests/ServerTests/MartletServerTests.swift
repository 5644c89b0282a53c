import Core
import Foundation
import Logging
import NIOHTTP1
import Server
import Testing

@Suite struct MartletServerTests {
    @Test func healthIsAnsweredAndEverythingIsMeasured() async throws {
        try await RunningServer.with { client in
            let answer1 = try await client.send("GET", "/health")
            #expect(answer1.body == "OK")
            for path in ["/healthz", "/livez", "/readyz"] {
                let answer2 = try await client.send("GET", path)
                #expect(answer2.status == 200)
            }
            let metrics = try await client.send("GET", "/metrics")
            #expect(metrics.body.contains("process_resident_memory_bytes"))
            #expect(metrics.headers.first(name: "content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
        }
    }

    @Test func unknownPathsAndWrongMethodsAnswerInTheirProtocolsShape() async throws {
        try await RunningServer.with { client in
            let own = try await client.send("GET", "/api/martlet/v1/nothing")
            #expect(own.status == 404)
            #expect(own.json?["error"]?["code"] == "notFound")
            let mlflow = try await client.send("GET", "/api/2.0/mlflow/nothing")
            #expect(mlflow.json?["error_code"]?.stringValue != nil)
            let inference = try await client.send("GET", "/v2/nothing/at/all")
            #expect(inference.json?["error"]?.stringValue != nil)
            let page = try await client.send("GET", "/nothing", headers: [("accept", "text/html")])
            #expect(page.status == 404)
            #expect(page.headers.first(name: "content-type")?.hasPrefix("text/html") == true)
            let method = try await client.send("DELETE", "/predict")
            #expect(method.status == 405)
            #expect(method.headers.first(name: "allow") == "POST")
        }
    }

    @Test func pagesOfOtherSitesAreRefused() async throws {
        try await RunningServer.with { client in
            let origin = try await client.send("POST", "/feedback", "{}", headers: [("origin", "https://evil.example")])
            #expect(origin.status == 403)
            let host = try await client.send("GET", "/", headers: [("host", "evil.example")])
            #expect(host.status == 403)
        }
    }

    @Test func aSecondServerInTheSameDirectoryIsRefused() async throws {
        let data = RunningServer.temporaryDirectory()
        try await RunningServer.with(data: data) { _ in
            let error = await #expect(throws: MartletError.self) {
                try await RunningServer.with(data: data) { _ in Issue.record("The second server ran.") }
            }
            #expect(error?.code == .failedPrecondition)
        }
        try await RunningServer.with(data: data) { client in
            let answer3 = try await client.send("GET", "/readyz")
            #expect(answer3.status == 200)
        }
    }

    @Test func otherAddressesThanLoopbackAreRefused() async throws {
        var settings = ServerSettings()
        settings.host = "0.0.0.0"
        settings.data = RunningServer.temporaryDirectory()
        let server = MartletServer(settings: settings, logger: .init(label: "test"))
        let error = await #expect(throws: MartletError.self) { try await server.run() }
        #expect(error?.code == .failedPrecondition)
        let data = settings.data
        #expect(!FileManager.default.fileExists(atPath: data))
    }
}

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
            #expect(changed.json?["changes"]?.arrayValue?.first?["change"] == "updated")
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
