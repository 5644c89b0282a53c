import Core
import HTTPSupport
import Hummingbird
import HummingbirdTesting
import Ledger
import Synchronization
import Testing

import Serving

/// Every request goes twice over one server: in plain form, and with a field that sends it to the router.
///
/// The two answers must be the same bytes but for ids and dates.
@Suite(.serialized) struct ServingLaneTests {
    private struct Counter: RouterMiddleware {
        typealias Context = AppRequestContext
        let seen: @Sendable () -> Void

        @concurrent func handle(
            _ request: Request,
            context: AppRequestContext,
            next: @concurrent (Request, AppRequestContext) async throws -> Response
        ) async throws -> Response {
            seen()
            return try await next(request, context)
        }
    }

    private final class Seen: Sendable {
        let requests = Atomic<Int>(0)
    }

    /// Runs `body` with the port of a server of both lanes and the count of requests that reached the router.
    private func serving(
        _ harness: ServingHarness,
        isOpen: @escaping @Sendable () -> Bool = { true },
        _ body: @escaping @Sendable (_ port: Int, _ routed: @Sendable () -> Int) throws -> Void
    ) async throws {
        let router = Router(context: AppRequestContext.self)
        let seen = Seen()
        router.add(middleware: Counter { seen.requests.add(1, ordering: .relaxed) })
        let routes = RouteTable.forTests(router)
        PredictRoutes(plane: harness.plane).register(in: routes)
        V1Routes(plane: harness.plane).register(in: routes)
        V2Routes(plane: harness.plane, serverVersion: "test").register(in: routes)
        InvocationRoutes(plane: harness.plane).register(in: routes)
        let lane = ServingLane(plane: harness.plane, isOpen: isOpen) { $0.hasPrefix("127.0.0.1") }
        let application = Application(router: router, server: LaneChannel.builder(lane))
        try await application.test(.live) { client in
            let port = try #require(client.port)
            try await BlockingWork.run { try body(port) { seen.requests.load(ordering: .relaxed) } }
        }
    }

    private static func request(
        _ target: String,
        _ body: [UInt8],
        _ fields: [String] = ["Content-Type: application/json"]
    ) -> [UInt8] {
        let lines = ["POST \(target) HTTP/1.1", "Host: 127.0.0.1:1", "Content-Length: \(body.count)"] + fields
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// The answer without what differs from request to request.
    private static func plain(_ answer: (head: String, body: [UInt8])) -> String {
        let lines = answer.head.split(separator: "\r\n").filter { !$0.hasPrefix("Date: ") }
        let text = lines.joined(separator: "\n") + "\n" + String(decoding: answer.body, as: UTF8.self)
        guard let line = lines.first(where: { $0.lowercased().hasPrefix("x-request-id: ") }) else { return text }
        return text.replacing(line.dropFirst(14), with: "ID")
    }

    private static let binary: [UInt8] = {
        let json = Array(
            (#"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"#
                + #""outputs":[{"name":"predict","parameters":{"binary_data":true}}]}"#).utf8
        )
        return json + [0, 0, 128, 63, 0, 0, 0, 64]
    }()

    private static let requests: [(target: String, body: [UInt8], fields: [String])] = [
        ("/predict", Array(#"{"features":[1,2]}"#.utf8), ["Content-Type: application/json"]),
        ("/predict", Array(#"{"features":{"x1":5,"x0":0.25}}"#.utf8), ["Content-Type: application/json"]),
        (
            "/predict", Array(#"{"deployment":"cancer","features":[1e-3,null]}"#.utf8),
            ["Content-Type: application/json"]
        ),
        ("/predict", Array(#"{"features":[1,2]}"#.utf8), ["Content-Type: application/json", "X-Request-Id: order-7"]),
        ("/predict", Array(#"{"features":[1,2]}"#.utf8), ["Content-Type: application/json", "X-Request-Id: a b"]),
        (
            "/v1/models/cancer:predict", Array(#"{"instances":[[1,2],[3,4.5]]}"#.utf8),
            ["Content-Type: application/json"]
        ),
        ("/v1/models/cancer:predict", Array(#"{"instances":[]}"#.utf8), ["Content-Type: application/json"]),
        ("/invocations", Array(#"{"inputs":[[1,2]]}"#.utf8), ["Content-Type: application/json"]),
        (
            "/invocations", Array(#"{"dataframe_split":{"columns":["x0","x1"],"data":[[1,2]]}}"#.utf8),
            ["Content-Type: application/json"]
        ),
        (
            "/v2/models/cancer/infer",
            Array(#"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#.utf8), []
        ),
        (
            "/v2/models/cancer/versions/1/infer",
            Array(
                #"{"id":"a","inputs":[{"name":"i","shape":[2,2],"datatype":"FP64","data":[[1,2],[3,4]]}],"outputs":[{"name":"predict"}]}"#
                    .utf8
            ), ["Content-Type: application/json"]
        ),
        (
            "/v2/models/cancer/infer", binary,
            ["Content-Type: application/octet-stream", "Inference-Header-Content-Length: \(binary.count - 8)"]
        ),
    ]

    @Test func bothLanesGiveTheSameBytes() async throws {
        let harness = try await ServingHarness.serving()
        try await serving(harness) { port, routed in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            for (target, body, fields) in Self.requests {
                let before = routed()
                try connection.send(Self.request(target, body, fields))
                let lean = Self.plain(try connection.response())
                #expect(routed() == before, "\(target) went to the router")
                #expect(lean.hasPrefix("HTTP/1.1 200 OK"), "\(lean)")
                try connection.send(Self.request(target, body, fields + ["Cookie: a=b"]))
                let full = Self.plain(try connection.response())
                #expect(routed() == before + 1)
                #expect(lean == full)
            }
        }
    }

    @Test func whatIsRefusedOrUnusualIsAnsweredByTheRouter() async throws {
        let harness = try await ServingHarness.serving()
        let json = "Content-Type: application/json"
        let good = Array(#"{"features":[1,2]}"#.utf8)
        try await serving(harness) { port, routed in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            for (target, body, fields, status) in [
                ("/predict", Array(#"{"features":[1]}"#.utf8), [json], "400"),
                ("/predict", Array("{".utf8), [json], "400"),
                ("/predict", good, ["Content-Type: text/plain"], "415"), ("/predict", good, [], "415"),
                ("/predict", good, [json, "Request-Timeout: 5"], "200"),
                ("/predict", good, [json, "Origin: http://127.0.0.1:1"], "200"),
                (
                    "/predict", good, [json, "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
                    "200"
                ),
                ("/v1/models/other:predict", good, [json], "404"),
                ("/v2/models/cancer/versions/9/infer", good, [json], "4"),
            ] {
                let before = routed()
                try connection.send(Self.request(target, body, fields))
                let answer = try connection.response()
                #expect(answer.head.hasPrefix("HTTP/1.1 \(status)"), "\(target) \(fields): \(answer.head)")
                #expect(routed() == before + 1)
            }
        }
    }

    @Test func aClosedLaneSendsEverythingToTheRouter() async throws {
        let harness = try await ServingHarness.serving()
        try await serving(harness, isOpen: { false }) { port, routed in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            try connection.send(Self.request("/predict", Array(#"{"features":[1,2]}"#.utf8)))
            #expect(try connection.response().head.hasPrefix("HTTP/1.1 200"))
            #expect(routed() == 1)
        }
    }

    @Test func predictionsOfTheLaneAreObservedAndKept() async throws {
        let harness = try await ServingHarness.serving()
        try await serving(harness) { port, _ in
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            let fields = ["Content-Type: application/json", "X-Request-Id: kept-1"]
            try connection.send(Self.request("/predict", Array(#"{"features":[1,2]}"#.utf8), fields))
            _ = try connection.response()
        }
        #expect(harness.monitor.state.withLock { $0.rows } == 1)
        #expect(try await harness.ledger.recentRows("cancer", limit: 10).map(\.id) == ["kept-1"])
    }
}
