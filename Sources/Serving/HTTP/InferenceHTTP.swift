import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import Runtimes

/// What the inference routes share: ids, media types, bodies, deadlines, timing.
struct InferenceHTTP: Sendable {
    let plane: DataPlane

    /// Runs one request of a protocol: takes its time, reports it, counts a refusal by its code.
    ///
    /// - Parameters:
    ///   - via: the protocol.
    ///   - request: the request.
    ///   - context: what travels with it.
    ///   - route: the path's pattern, for reports.
    ///   - body: answers the request, given its id.
    /// - Returns: what `body` answered, with the trace's context.
    /// - Throws: what `body` throws.
    func run(
        _ via: InferenceProtocol,
        _ request: Request,
        _ context: AppRequestContext,
        route: String,
        _ body: (_ id: String) async throws -> Answered
    ) async throws -> Response {
        let start = Clock.monotonicNanoseconds
        let id = Self.requestID(request, context)
        let trace = plane.reporter.begin(
            traceparent: request.headers[.traceParent],
            tracestate: request.headers[.traceState]
        )
        func report(_ status: Int, _ response: InferenceResponse?, _ error: MartletError?) {
            guard let trace else { return }
            let method = request.method.rawValue
            plane.reporter.end(
                trace,
                RequestOutcome(
                    id: id,
                    name: "\(method) \(route)",
                    attributes: RequestOutcome.http(
                        method: method,
                        route: route,
                        path: request.uri.path,
                        status: status
                    ),
                    response: response,
                    error: error
                )
            )
        }
        do {
            var answered = try await body(id)
            answered.served.metrics.recordTotal(via, seconds: Double(Clock.monotonicNanoseconds &- start) * 1e-9)
            if let trace {
                answered.response.headers[.traceParent] = trace.context.parent
                answered.response.headers[.traceState] = request.headers[.traceState]
                report(answered.response.status.code, answered.inference, nil)
            }
            return answered.response
        } catch {
            let failure = MartletError.wrapping(error)
            RefusalMetrics.record(via, code: failure.code.rawValue)
            report(failure.code.httpStatus, nil, failure)
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

    /// The body, unpacked when it is compressed.
    static func body(_ request: Request) async throws(MartletError) -> ByteBuffer {
        try await request.readDecodedBody(limit: ServingLimits.requestBytes)
    }

    /// Runs a parser over a body's bytes.
    @inline(__always)
    static func parse<T>(
        _ buffer: ByteBuffer,
        _ body: (UnsafeBufferPointer<UInt8>) throws -> T
    ) throws -> T {
        try buffer.withUnsafeReadableBytes { try body($0.bindMemory(to: UInt8.self)) }
    }

    /// When the answer is of no use any more, in `Clock.monotonicNanoseconds`; nil when the client does not say.
    ///
    /// - Parameters:
    ///   - request: the request, whose `Request-Timeout` header counts.
    ///   - microseconds: what the body says; the sooner of the two holds.
    /// - Returns: the deadline.
    /// - Throws: `invalidArgument` for a header that is not a number of seconds.
    static func deadline(_ request: Request, microseconds: Int64? = nil) throws(MartletError) -> UInt64? {
        let header = request.headers[.requestTimeout]
        guard header != nil || microseconds != nil else { return nil }
        var nanoseconds = microseconds.map { UInt64(clamping: $0).multipliedClamping(by: 1000) } ?? .max
        if let header {
            guard let seconds = Double(header), seconds > 0, seconds <= ServingLimits.requestTimeoutSeconds else {
                throw MartletError(
                    .invalidArgument,
                    "Request-Timeout must be a number of seconds up to \(Int(ServingLimits.requestTimeoutSeconds)), but "
                        + "is '\(header.prefix(40))'."
                )
            }
            nanoseconds = min(nanoseconds, UInt64(seconds * 1e9))
        }
        let (deadline, overflow) = Clock.monotonicNanoseconds.addingReportingOverflow(nanoseconds)
        return overflow ? nil : deadline
    }

    /// The headers of a request for a deployment whose traffic plan asks for them; nil for any other.
    static func header(_ request: Request, _ deployment: LiveDeployment) -> HeaderLookup? {
        guard deployment.routing?.readsHeaders == true else { return nil }
        let fields = request.headers
        return { name in HTTPField.Name(name).flatMap { fields[$0] } }
    }

    /// The deployment a path names.
    func deployment(_ encoded: String) throws(MartletError) -> LiveDeployment {
        guard let name = PercentEncoding.decode(encoded) else { throw DeploymentTable.unknown(encoded) }
        return try plane.deployments.find(name)
    }

    /// The version a path names; nil when it names none.
    static func version(_ context: AppRequestContext) throws(MartletError) -> Int? {
        guard let text = context.parameters.get("version") else { return nil }
        return try version(text)
    }

    /// A version in digits.
    static func version(_ text: some StringProtocol) throws(MartletError) -> Int {
        guard let version = Int(text), version > 0 else {
            throw MartletError(.notFound, "There is no version '\(text.prefix(40))'; versions are whole numbers.")
        }
        return version
    }

    /// A JSON answer that carries the request's id, compressed when it is large and the client accepts that.
    static func json(_ bytes: [UInt8], id: String, _ request: Request) async -> Response {
        await answer(bytes, contentType: "application/json", id: id, request)
    }

    /// An answer of any type that carries the request's id, compressed when it is large and the client accepts that.
    static func answer(
        _ bytes: [UInt8],
        contentType: String,
        id: String,
        _ request: Request
    ) async -> Response {
        let accepted = request.headers[.acceptEncoding]
        var response = await Response.bytes(bytes, contentType: contentType, acceptEncoding: accepted)
        response.headers[.requestID] = id
        return response
    }
}

/// One request as it was answered.
struct Answered {
    /// What is sent.
    var response: Response
    /// The version that answered.
    let served: ServedModel
    /// The prediction; nil for other answers.
    var inference: InferenceResponse?
}

extension HTTPField.Name {
    /// `traceparent` (W3C Trace Context).
    static let traceParent = HTTPField.Name("traceparent") ?? .expires
    /// `tracestate` (W3C Trace Context).
    static let traceState = HTTPField.Name("tracestate") ?? .expires
    /// `Request-Timeout`: how many seconds the client waits.
    static let requestTimeout = HTTPField.Name("Request-Timeout") ?? .expires
}

extension UInt64 {
    fileprivate func multipliedClamping(by factor: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
