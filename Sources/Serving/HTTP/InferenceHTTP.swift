import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// What the inference routes share: ids, media types, bodies, timing.
struct InferenceHTTP: Sendable {
    let plane: DataPlane

    /// Runs one request of a protocol and takes its time; a refusal is counted by its code.
    func run(
        _ via: InferenceProtocol,
        _ body: () async throws -> (response: Response, served: ServedModel)
    ) async throws -> Response {
        let start = Clock.monotonicNanoseconds
        do {
            let (response, served) = try await body()
            served.metrics.recordTotal(via, seconds: Double(Clock.monotonicNanoseconds &- start) * 1e-9)
            return response
        } catch {
            RefusalMetrics.record(via, code: MartletError.wrapping(error).code.rawValue)
            throw error
        }
    }

    /// The id that the client gave, when it is sound; else the one made for the request.
    static func requestID(_ request: Request, _ context: AppRequestContext) -> String {
        guard let given = request.headers[.requestID], isSound(given) else { return context.requestID }
        return given
    }

    /// Visible ASCII within the limit.
    static func isSound(_ id: String) -> Bool {
        let bytes = id.utf8
        return !bytes.isEmpty && bytes.count <= ServingLimits.requestIDBytes
            && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// Throws unless the body says that it is JSON.
    static func requireJSON(_ request: Request) throws(MartletError) {
        if request.headers[.contentType] == "application/json" { return }
        guard request.hasJSONBody else { throw unsupported(request, "application/json") }
    }

    /// The error for a media type that is not read.
    static func unsupported(_ request: Request, _ expected: String) -> MartletError {
        let sent = request.headers[.contentType].map { " '\($0.prefix(100))'" } ?? " nothing"
        return MartletError(.unsupportedMediaType, "Content-Type is\(sent); send \(expected).")
    }

    /// The body; compressed ones are refused.
    static func body(_ request: Request) async throws(MartletError) -> ByteBuffer {
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw MartletError(
                .unsupportedMediaType,
                "Content-Encoding '\(encoding.prefix(40))' is not supported; send the body uncompressed."
            )
        }
        return try await request.readBody(limit: ServingLimits.requestBytes)
    }

    /// Runs a parser over a body's bytes.
    @inline(__always)
    static func parse<T>(
        _ buffer: ByteBuffer,
        _ body: (UnsafeBufferPointer<UInt8>) throws -> T
    ) throws -> T {
        try buffer.withUnsafeReadableBytes { try body($0.bindMemory(to: UInt8.self)) }
    }

    /// The deployment a path names.
    func deployment(_ encoded: String) throws(MartletError) -> LiveDeployment {
        guard let name = PercentEncoding.decode(encoded) else { throw DeploymentTable.unknown(encoded) }
        return try plane.deployments.find(name)
    }

    /// A JSON answer that carries the request's id.
    static func json(_ bytes: [UInt8], id: String) -> Response {
        var response = Response.bytes(bytes, contentType: "application/json")
        response.headers[.requestID] = id
        return response
    }
}
