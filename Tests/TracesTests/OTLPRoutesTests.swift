import Artifacts
import Core
import HTTPSupport
import HTTPTypes
import Storage
import Testing
import Traces

@Suite struct OTLPRoutesTests {
    private static let body = Array(
        """
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "00000000000000000000000000000001",
        "spanId": "0000000000000001", "name": "n", "startTimeUnixNano": 1000000, "endTimeUnixNano": 2000000}]}]}]}
        """.utf8
    )

    private func post(
        _ routes: RoutesFixture,
        _ body: [UInt8],
        type: String? = "application/json",
        encoding: String? = nil,
        experiment: String? = "1",
        run: String? = nil
    ) async throws -> RoutesFixture.Reply {
        var headers: [String: String] = [:]
        headers["Content-Type"] = type
        headers["Content-Encoding"] = encoding
        headers["X-MLflow-Experiment-Id"] = experiment
        headers["x-mlflow-run-id"] = run
        return try await routes.send(.post, "/v1/traces", body, headers: headers)
    }

    @Test func anExportIsStored() async throws {
        let routes = try await RoutesFixture()
        let reply = try await post(routes, Self.body, run: "r")
        #expect(reply.status == 200 && reply.text.isEmpty && reply.headers[.contentType] == "application/x-protobuf")
        #expect(try await routes.fixture.search("run_id = 'r' AND status = 'OK'") == [1])
    }

    @Test func refusalsHaveTheShapeThatClientsKnow() async throws {
        let routes = try await RoutesFixture()
        let noHeader = try await post(routes, Self.body, experiment: nil)
        #expect(noHeader.status == 422)
        #expect(noHeader.json?["detail"]?.arrayValue?.first?["loc"] == ["header", "x-mlflow-experiment-id"])
        let wrongType = try await post(routes, Self.body, type: "text/plain")
        #expect(wrongType.status == 400)
        #expect(wrongType.json?["detail"]?.stringValue?.hasPrefix("Invalid Content-Type: text/plain.") == true)
        let noType = try await post(routes, Self.body, type: nil)
        #expect(noType.json?["detail"]?.stringValue?.hasPrefix("Invalid Content-Type: None.") == true)
        let empty = try await post(routes, [], type: "application/x-protobuf; charset=utf-8")
        #expect(empty.status == 400)
        #expect(empty.json == ["detail": "Invalid OpenTelemetry format - no spans found"])
        let unknown = try await post(routes, Self.body, experiment: "9")
        #expect(unknown.status == 404 && unknown.error == "RESOURCE_DOES_NOT_EXIST No Experiment with id=9 exists")
        #expect(try await post(routes, Self.body, experiment: "3").status == 400)
    }

    @Test func compressionIsUndoneWithinLimits() async throws {
        let routes = try await RoutesFixture()
        // A stored block: what every decoder reads, written by hand.
        let size = Self.body.count
        let low = [UInt8(size & 255), UInt8(size >> 8)]
        let raw = [1] + low + low.map { ~$0 } + Self.body
        #expect(try await post(routes, raw, encoding: "Deflate").status == 200)
        #expect(try await post(routes, Self.body, encoding: "identity").status == 200)
        let broken = try await post(routes, Self.body, encoding: "gzip")
        #expect(broken.status == 400 && broken.json == ["detail": "Failed to decompress gzip payload"])
        let other = try await post(routes, Self.body, encoding: "br")
        #expect(other.status == 400 && other.json == ["detail": "Unsupported Content-Encoding: br"])
        // Many MiB of zeros in a few bytes, repeated by gzip's members.
        let once = try #require(Deflater.compress([UInt8](repeating: 0, count: 16 * 1024 * 1024), .gzip))
        let bomb = Array(repeating: once, count: TracesLimits.inflatedBytes / (16 * 1024 * 1024) + 1).flatMap(\.self)
        let refused = try await post(routes, bomb, encoding: "gzip")
        #expect(refused.status == 400)
        #expect(refused.json?["detail"]?.stringValue?.contains("more than \(TracesLimits.inflatedBytes) bytes") == true)
    }

    @Test func bodiesAreLimited() async throws {
        let routes = try await RoutesFixture()
        let most = [UInt8](repeating: 0x20, count: TracesLimits.exportBytes - Self.body.count) + Self.body
        #expect(try await post(routes, most).status == 200)
        #expect(try await post(routes, [0x20] + most).status == 413)
    }
}
