import Core
import InferenceProto
import NIOCore
import NIOHPACK
import Runtimes

/// `inference.GRPCInferenceService`, as far as it predicts.
struct InferenceMethods: Sendable {
    static let service = "inference.GRPCInferenceService"

    /// The methods by name.
    var methods: [String: GRPCMethod] {
        [
            "ModelInfer": .immediate({ try inferNow($0, $1, $2) }, otherwise: { try await infer($0, $1, $2) }),
            "ModelStreamInfer": .streaming { try await stream($0, $1, $2) },
        ]
    }

    // MARK: One request

    /// What the message asks for, read for the model that shall answer.
    private struct Asked {
        let request: InferenceRequest
        let outputs: [String]
        let isRaw: Bool
        /// The id that the answer carries.
        let id: String
    }

    private func infer(_ message: ByteBuffer, _ call: GRPCCall, _ buffer: ByteBuffer) async throws -> ByteBuffer {
        try await measured { () async throws -> (ByteBuffer, ServedModel) in
            try await answer(message, call, buffer)
        }
    }

    private func answer(
        _ message: ByteBuffer,
        _ call: GRPCCall,
        _ buffer: ByteBuffer
    ) async throws -> (ByteBuffer, ServedModel) {
        let plane = try call.admitted().plane
        let (deployment, version) = try target(message, plane)
        try plane.admit(deployment, version: version)
        let model = try await plane.model(of: deployment, version: version)
        let asked = try read(message, call, deployment, version, model)
        let response = try await plane.infer(asked.request)
        return (try write(response, asked, buffer), response.served)
    }

    private func inferNow(_ message: ByteBuffer, _ call: GRPCCall, _ buffer: ByteBuffer) throws -> ByteBuffer? {
        guard message.readableBytes <= ServingLimits.grpcImmediateBytes else { return nil }
        let start = Clock.monotonicNanoseconds
        do {
            let plane = try call.admitted().plane
            let (deployment, version) = try target(message, plane)
            let routing = try deployment.ready()
            let served = version.flatMap { routing.model(version: $0) } ?? routing.stable
            guard let model = served.resident?.loaded, model.rows != nil else { return nil }
            let asked = try read(message, call, deployment, version, model)
            guard let response = try plane.inferNow(asked.request) else { return nil }
            let answer = try write(response, asked, buffer)
            response.served.metrics.recordTotal(.grpc, seconds: Double(Clock.monotonicNanoseconds &- start) * 1e-9)
            return answer
        } catch {
            RefusalMetrics.record(.grpc, code: MartletError.wrapping(error).code.rawValue)
            throw error
        }
    }

    /// Takes a request's time; a refusal is counted by its code.
    private func measured<Answer>(_ body: () async throws -> (Answer, ServedModel)) async throws -> Answer {
        let start = Clock.monotonicNanoseconds
        do {
            let (answer, served) = try await body()
            served.metrics.recordTotal(.grpc, seconds: Double(Clock.monotonicNanoseconds &- start) * 1e-9)
            return answer
        } catch {
            RefusalMetrics.record(.grpc, code: MartletError.wrapping(error).code.rawValue)
            throw error
        }
    }

    private func target(_ message: ByteBuffer, _ plane: DataPlane) throws -> (LiveDeployment, Int?) {
        try message.withUnsafeReadableBytes { bytes in
            var model = ""
            var version = ""
            var reader = WireReader(bytes)
            while let (field, type) = try reader.next() {
                switch field {
                case 1: model = try reader.text(type)
                case 2: version = try reader.text(type)
                default: try reader.skip(type)
                }
            }
            return (try Self.find(model, plane), try Self.number(version))
        }
    }

    private func read(
        _ message: ByteBuffer,
        _ call: GRPCCall,
        _ deployment: LiveDeployment,
        _ version: Int?,
        _ model: LoadedModel
    ) throws -> Asked {
        try message.withUnsafeReadableBytes { bytes in
            let message = try InferMessage(bytes)
            let (input, count) = try V2Tensors.input(try message.tensors(), asked: message.outputs, for: model)
            let given = message.id.isEmpty ? call.requestID ?? "" : message.id
            let id = InferenceHTTP.isSound(given) ? given : Identifier.random()
            let request = InferenceRequest(
                id: id,
                deployment: deployment,
                version: version,
                call: ModelCall(
                    input,
                    outputs: message.outputs.isEmpty ? nil : message.outputs,
                    deadline: Self.deadline(call, message.parameters)
                ),
                count: count,
                via: .grpc,
                readFor: model,
                header: Self.header(call, deployment)
            )
            return Asked(
                request: request,
                outputs: message.outputs,
                isRaw: message.isRaw,
                id: message.id.isEmpty ? id : message.id
            )
        }
    }

    /// The metadata of a call for a deployment whose traffic plan asks for it; nil for any other.
    private static func header(_ call: GRPCCall, _ deployment: LiveDeployment) -> HeaderLookup? {
        guard deployment.routing?.readsHeaders == true else { return nil }
        let headers = call.headers
        return { headers.first(name: $0) }
    }

    private func write(_ response: InferenceResponse, _ asked: Asked, _ buffer: ByteBuffer) throws -> ByteBuffer {
        let tensors = try V2Outputs.tensors(response, asked: asked.outputs)
        return InferAnswer.write(response, id: asked.id, tensors: tensors, isRaw: asked.isRaw, to: buffer)
    }

    /// The earlier of the call's own deadline and the parameter `timeout`, in microseconds.
    private static func deadline(_ call: GRPCCall, _ parameters: JSONObject) -> UInt64? {
        guard case .integer(let timeout)? = parameters["timeout"], timeout > 0 else { return call.deadline }
        let (nanoseconds, overflow) = UInt64(timeout).multipliedReportingOverflow(by: 1000)
        guard !overflow else { return call.deadline }
        let (deadline, past) = Clock.monotonicNanoseconds.addingReportingOverflow(nanoseconds)
        guard !past else { return call.deadline }
        return min(deadline, call.deadline ?? .max)
    }

    // MARK: Streams

    /// Answers each message in its turn, in Triton's form: an error is an answer and the stream goes on, unless the
    /// client asked for a status that ends it.
    private func stream(_ messages: GRPCMessages, _ call: GRPCCall, _ answers: GRPCAnswers) async throws {
        let endsOnError = call.headers.first(name: "triton_grpc_error")?.lowercased() == "true"
        var isFirst = true
        for try await message in messages {
            var writer = WireWriter(ByteBuffer())
            do {
                // The stream's beginning was counted as a call; a message later, the caller's rights may have changed.
                let call =
                    isFirst
                    ? try await call.admitted(with: message) : try await call.admittedAgain(with: message)
                isFirst = false
                writer.message(2, try await infer(message, call, ByteBuffer()))
            } catch {
                let status = GRPCStatus(error)
                let isOver = status.code == .cancelled || status.code == .unauthenticated
                if endsOnError || isOver { throw error }
                writer.text(1, status.message)
            }
            try await answers.send(writer.buffer)
        }
    }
}

extension InferenceMethods {
    /// The deployment of a model's name.
    ///
    /// - Throws: `notFound` for a name that is not deployed, `invalidArgument` without a name.
    static func find(_ name: String, _ plane: DataPlane) throws(MartletError) -> LiveDeployment {
        guard !name.isEmpty else { throw MartletError(.invalidArgument, "The model's name is missing.") }
        return try plane.deployments.find(name)
    }

    /// The number of a version; nil when none is named.
    ///
    /// - Throws: `notFound` for what is no version.
    static func number(_ version: String) throws(MartletError) -> Int? {
        guard !version.isEmpty else { return nil }
        guard let number = Int(version), number > 0 else {
            throw MartletError(.notFound, "There is no version '\(version.prefix(40))'; versions are whole numbers.")
        }
        return number
    }
}
