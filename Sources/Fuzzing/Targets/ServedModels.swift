import Core
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import Ledger
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Rollouts
import Runtimes
import Serving
import Storage

/// A model behind both lanes: every request is answered by the lane, if it will, and by the router.
struct ServedModels: Sendable {
    private let lane: ServingLane
    private let responder: any HTTPResponder<AppRequestContext>
    /// What requests of the router are said to come over; it may be asked from any thread.
    private let channel = NIOAsyncTestingChannel()

    /// Deploys one of the models, `rows` or `tensors`.
    init(_ model: String) async throws {
        let database = try Database.inMemory()
        try await database.migrate(LedgerStore.migrations + DeploymentStore.migrations)
        let table = DeploymentTable()
        // Rows wait in a queue that nothing empties: what does not fit is dropped.
        let ledger = PredictionLedger(
            store: LedgerStore(database: database),
            deployments: table,
            clock: .system,
            capacity: 1
        )
        let plane = DataPlane(deployments: table, ledger: ledger, observer: nil, clock: .system)
        let controller = DeploymentController(
            store: DeploymentStore(database: database),
            source: Self.source,
            table: table,
            ledger: ledger,
            observer: nil,
            clock: .system
        )
        try await controller.apply([
            DeploymentSpec(name: model, model: model, alias: "production", rollout: RolloutSpec())
        ])
        lane = ServingLane(plane: plane, isOpen: { true }, servesHost: { _ in true })
        let router = Router(context: AppRequestContext.self)
        let routes = RouteTable.forTests(router)
        PredictRoutes(plane: plane).register(in: routes)
        V1Routes(plane: plane).register(in: routes)
        V2Routes(plane: plane, serverVersion: "fuzz").register(in: routes)
        InvocationRoutes(plane: plane).register(in: routes)
        responder = router.buildResponder()
    }

    private static let source = ModelSource(
        resolve: { _, _ in 1 },
        load: { model, version, _ in
            let runtime: any ModelRuntime = model == "rows" ? SumRuntime() : EchoRuntime()
            let names = model == "rows" ? ["x0", "x1"] : []
            return try LoadedModel(
                model: model,
                version: version,
                runtime: runtime,
                signature: ModelSignature(inputs: names.map { .init(name: $0, type: .double) }, outputs: []),
                classes: [],
                threshold: 0.5,
                reference: nil
            )
        },
        moveAlias: { _, _, _ in }
    )

    /// Asks both, and compares.
    ///
    /// - Returns: a number for the answer.
    /// - Throws: `Violation` when the answers differ, or when the router's is none that a client may get.
    func check(_ target: String, _ body: [UInt8], jsonLength: String?) async throws -> UInt64 {
        var fields: HTTPFields = [.contentType: jsonLength == nil ? "application/json" : "application/octet-stream"]
        fields[.contentLength] = "\(body.count)"
        fields[.requestID] = "fuzz"
        if let jsonLength { fields[.jsonLength] = jsonLength }
        let routed = try await route(target, fields, body)
        try require(
            routed.status == 200 || (400..<500).contains(routed.status),
            "the router answers \(routed.status) \(String(decoding: routed.body.prefix(500), as: UTF8.self))"
        )
        if let lean = try ask(target, fields, body) {
            try require(
                lean == routed,
                "the lane answers \(lean), the router \(routed)"
            )
        }
        guard routed.status == 200 else {
            throw MartletError(.invalidArgument, String(decoding: routed.body, as: UTF8.self))
        }
        return Fingerprint.structure(of: (try? JSONValue.parse(routed.body)) ?? .null)
    }

    private func route(_ target: String, _ fields: HTTPFields, _ body: [UInt8]) async throws -> Reply {
        let head = HTTPRequest(
            method: .post,
            scheme: "http",
            authority: "127.0.0.1",
            path: target,
            headerFields: fields
        )
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body)))
        let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        let context = AppRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        let response = try await responder.respond(to: request, context: context)
        let collected = Collected()
        try await response.body.write(CollectingWriter(collected: collected))
        return Reply(
            status: response.status.code,
            type: response.headers[.contentType] ?? "",
            id: response.headers[.requestID] ?? "",
            body: collected.bytes
        )
    }

    /// The lane's answer; nil when it leaves the request to the router.
    private func ask(_ target: String, _ fields: HTTPFields, _ body: [UInt8]) throws -> Reply? {
        let lines = ["POST \(target) HTTP/1.1", "Host: 127.0.0.1"] + fields.map { "\($0.name.rawName): \($0.value)" }
        let connection = EmbeddedChannel()
        defer { _ = try? connection.finish(acceptAlreadyClosed: true) }
        let pipeline = connection.pipeline.syncOperations
        try pipeline.addHandler(LaneHandler(routes: lane))
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        try pipeline.addHandler(LaneTail())
        try connection.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try connection.writeInbound(
            ByteBuffer(bytes: Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
        )
        var answer: [UInt8] = []
        while let part = try connection.readOutbound(as: ByteBuffer.self) { answer += part.readableBytesView }
        return answer.isEmpty ? nil : try Reply(answer)
    }
}

/// An answer without what no two answers share.
private struct Reply: Equatable, CustomStringConvertible {
    let status: Int
    let type: String
    let id: String
    let body: [UInt8]

    var description: String { "\(status) \(type) \(id) \(String(decoding: body.prefix(1000), as: UTF8.self))" }

    init(status: Int, type: String, id: String, body: [UInt8]) {
        (self.status, self.type, self.id, self.body) = (status, type, id, body)
    }

    /// Reads an answer from its bytes.
    init(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes.prefix(2048), as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { throw Violation("the lane answers \(text)") }
        let head = text[..<end.lowerBound].components(separatedBy: "\r\n")
        func field(_ name: String) -> String {
            head.first { $0.lowercased().hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) } ?? ""
        }
        self.init(
            status: head.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0,
            type: field("content-type"),
            id: field("x-request-id"),
            body: Array(bytes.dropFirst(text[..<end.upperBound].utf8.count))
        )
    }
}

/// Adds a row's numbers; what is no number counts as nothing, as every model has an answer for it.
private struct SumRuntime: RowRuntime {
    let name = "sum"
    let placement = RuntimePlacement.own
    let memoryBytes = 64
    let featureCount = 2
    let outputWidth = 1

    func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        for row in 0..<count {
            let sum = rows[2 * row] + rows[2 * row + 1]
            output[row] = sum.isFinite ? sum : 0
        }
    }
}

/// Gives back the tensors that it is given.
private struct EchoRuntime: ModelRuntime {
    let name = "echo"
    let inputs = [TensorSpec("ids", .int64, [-1]), TensorSpec("words", .bytes, [-1])]
    let outputs = [TensorSpec("ids", .int64, [-1]), TensorSpec("words", .bytes, [-1])]
    let placement = RuntimePlacement.own
    let memoryBytes = 64

    func infer(_ call: ModelCall) async throws -> ModelResult {
        guard case .tensors(let tensors, let layout) = call.input else {
            throw MartletError(.invalidArgument, "The model takes tensors.")
        }
        let wanted = call.outputs.flatMap { $0.isEmpty ? nil : $0 }
        return ModelResult(.tensors(tensors.filter { wanted?.contains($0.name) ?? true }, layout))
    }
}

/// Bytes of a response.
private final class Collected {
    var bytes: [UInt8] = []
}

/// Collects a response's body.
private struct CollectingWriter: ResponseBodyWriter {
    let collected: Collected

    mutating func write(_ buffer: ByteBuffer) async throws { collected.bytes += buffer.readableBytesView }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension HTTPField.Name {
    fileprivate static let requestID = HTTPField.Name("X-Request-Id") ?? .authorization
    fileprivate static let jsonLength = HTTPField.Name("Inference-Header-Content-Length") ?? .authorization
}
