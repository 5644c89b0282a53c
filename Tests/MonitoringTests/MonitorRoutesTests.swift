import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

import Monitoring

@Suite(.overEveryDatabase)
struct MonitorRoutesTests {
    private func serving(
        _ harness: MonitorHarness,
        _ body: @Sendable @escaping (MonitorService, any TestClientProtocol) async throws -> Void
    ) async throws {
        let service = harness.service()
        try await service.apply(MonitorHarness.spec())
        try await service.setReference(deployment: "cancer", version: "1", table: MonitorHarness.table())
        let router = Router(context: AppRequestContext.self)
        let table = RouteTable.forTests(router)
        MonitorRoutes(service: service).register(in: table)
        try table.validate()
        try await Application(router: router).test(.router) { client in try await body(service, client) }
    }

    private func get(_ client: any TestClientProtocol, _ uri: String) async throws -> (Int, JSONValue) {
        try await client.execute(uri: "/api/martlet/v1\(uri)", method: .get) { response in
            (response.status.code, try JSONValue.parse(response.body.readableBytesView))
        }
    }

    @Test func listsMonitors() async throws {
        let harness = try await MonitorHarness()
        try await serving(harness) { service, client in
            await harness.step(service, rows: MonitorHarness.rows(40, seed: 2))
            let (status, body) = try await get(client, "/monitors")
            #expect(status == 200)
            let item = try #require(body["items"]?.arrayValue?.first)
            #expect(item["name"] == "drift")
            #expect(item["deployment"] == "cancer")
            #expect(item["state"] == "ok")
            #expect(item["detected"] == false)
            #expect(item["reference_version"] == "1")
            #expect(item["reference_rows"] == 80)
            #expect(item["rows"] == 40)
            #expect(item["evaluated_at"] == .integer(harness.manual.now.milliseconds))
            #expect(item["spec"]?["window"] == 40)
            #expect(body["next_page_token"] == nil)
        }
    }

    @Test func showsOneMonitorWithHistogramsAndHistory() async throws {
        let harness = try await MonitorHarness()
        try await serving(harness) { service, client in
            await harness.step(service, rows: MonitorHarness.rows(40, seed: 2))
            await harness.step(service, rows: MonitorHarness.rows(40, seed: 3, shift: 2))
            let (status, body) = try await get(client, "/monitors/drift")
            #expect(status == 200)
            #expect(body["state"] == "warning")
            let evaluation = try #require(body["evaluation"])
            #expect(evaluation["drift"] == true)
            let detectors = try #require(evaluation["detectors"]?.arrayValue)
            #expect(detectors.map { $0["detector"]?.stringValue } == ["mmd", "ks"])
            let features = try #require(evaluation["features"]?.arrayValue)
            #expect(features.map { $0["name"]?.stringValue } == ["radius", "area", "smoothness"])
            #expect(features.map { $0["drifted"]?.boolValue } == [true, false, false])
            let histograms = try #require(body["histograms"]?.arrayValue)
            #expect(histograms.count == 3)
            for histogram in histograms {
                let counts = try ["reference", "current"].map { try histogram.numbers($0).reduce(0, +) }
                #expect(counts == [80, 40])
                #expect(try histogram.numbers("edges").count == MonitoringLimits.histogramBins + 1)
            }
            #expect(body["history"]?.arrayValue?.count == 2)
            #expect(body["events"]?.arrayValue?.map { $0["to"]?.stringValue } == ["warning", "ok"])
            #expect(body["events"]?.arrayValue?.first?["severity"] == "warning")
            #expect(body["severity"] == "warning")
        }
    }

    @Test func pagesThroughEvents() async throws {
        let harness = try await MonitorHarness()
        try await serving(harness) { service, client in
            for seed in UInt64(2)...6 {
                let shift = seed.isMultiple(of: 2) ? 0.0 : 4
                await harness.step(service, rows: MonitorHarness.rows(40, seed: seed, shift: shift))
            }
            var states: [String?] = []
            var path = "/monitors/drift?limit=2"
            while true {
                let (status, body) = try await get(client, path)
                #expect(status == 200)
                states += body["events"]?.arrayValue?.map { $0["to"]?.stringValue } ?? []
                guard let token = body["next_page_token"]?.stringValue else { break }
                path = "/monitors/drift?limit=2&page_token=\(token)"
            }
            #expect(states == ["ok", "warning", "ok", "warning", "ok"])
        }
    }

    @Test func beforeAnyRowThereIsADetailWithoutAnEvaluation() async throws {
        let harness = try await MonitorHarness()
        try await serving(harness) { _, client in
            let (status, body) = try await get(client, "/monitors/drift")
            #expect(status == 200)
            #expect(body["state"] == "collecting")
            #expect(body["evaluation"] == .null)
            #expect(body["events"] == [])
        }
    }

    @Test func errorsNameWhatIsWrong() async throws {
        let harness = try await MonitorHarness()
        let foreign = PageToken.encode(["monitor": "other", "before": 3])
        let cases: [(String, Int, String)] = [
            ("/monitors/none", 404, "There is no monitor 'none'"),
            ("/monitors/drift?limit=0", 400, "'limit'"),
            ("/monitors/drift?limit=1001", 400, "'limit'"),
            ("/monitors/drift?limit=x", 400, "'limit'"),
            ("/monitors/drift?page_token=zzz", 400, "'page_token'"),
            ("/monitors/drift?page_token=\(foreign)", 400, "'page_token'"),
        ]
        try await serving(harness) { _, client in
            for (path, expected, message) in cases {
                let (status, body) = try await get(client, path)
                #expect(status == expected, "\(path)")
                #expect(body["error"]?["message"]?.stringValue?.contains(message) == true, "\(path): \(body)")
            }
        }
    }
}
