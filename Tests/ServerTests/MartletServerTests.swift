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
