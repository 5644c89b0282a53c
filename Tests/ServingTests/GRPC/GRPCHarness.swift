import Core
import InferenceProto
import NIOCore
import Serving
import SwiftProtobuf

/// A gRPC server over a harness with the deployment `cancer`, a logistic curve over two features, and a client.
struct GRPCHarness: Sendable {
    static let service = "/inference.GRPCInferenceService"

    let serving: ServingHarness
    let server: GRPCServer
    let caller: GRPCCaller

    static func run(
        messageLimit: Int = ServingLimits.grpcMessageBytes,
        allows: @escaping @Sendable (String) -> Bool = { _ in true },
        _ body: (GRPCHarness) async throws -> Void
    ) async throws {
        let serving = try await ServingHarness.serving()
        let server = try await GRPCServer.listen(
            GRPCServer.Configuration(host: "127.0.0.1", port: 0, messageLimit: messageLimit, allows: allows),
            plane: serving.plane,
            repository: ModelRepository(controller: serving.controller, table: serving.table),
            serverVersion: "test",
            clock: .system
        )
        let harness = GRPCHarness(
            serving: serving,
            server: server,
            caller: try await GRPCCaller.connect(server.port)
        )
        do {
            try await body(harness)
        } catch {
            await server.shutDown()
            throw error
        }
        await server.shutDown()
    }

    /// Calls a method of the inference service with messages.
    func call<Answer: Message>(_ method: String, _ request: some Message) async throws -> (GRPCReply, Answer?) {
        let reply = try await caller.unary("\(Self.service)/\(method)", try request.serializedBytes())
        let answer = try reply.messages.first.map { try Answer(serializedBytes: Array($0.readableBytesView)) }
        return (reply, answer)
    }

    /// Asks for predictions.
    func infer(_ request: Inference_ModelInferRequest) async throws -> (GRPCReply, Inference_ModelInferResponse?) {
        try await call("ModelInfer", request)
    }

    /// A request for `cancer` with one input.
    static func request(
        _ datatype: String = "FP32",
        _ shape: [Int64] = [1, 2],
        raw: [UInt8]? = nil,
        _ fill: (inout Inference_InferTensorContents) -> Void = { _ in }
    ) -> Inference_ModelInferRequest {
        .with { request in
            request.modelName = "cancer"
            request.id = "one"
            request.inputs = [
                .with {
                    $0.name = "input"
                    $0.datatype = datatype
                    $0.shape = shape
                    if raw == nil {
                        var contents = Inference_InferTensorContents()
                        fill(&contents)
                        $0.contents = contents
                    }
                }
            ]
            if let raw { request.rawInputContents = [.init(raw)] }
        }
    }

    /// Little-endian floats.
    static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    }

    /// What the model answers for a first feature.
    static func logistic(_ value: Double) -> Double { 1 / (1 + exponential(-value)) }

    private static func exponential(_ value: Double) -> Double {
        var term = 1.0
        var sum = 1.0
        for index in 1..<60 {
            term *= value / Double(index)
            sum += term
        }
        return sum
    }
}
