import Core
package import HTTPTypes
import Hummingbird
import NIOCore

/// One call of an MLflow method on a hot path: the body as it came, and the fields for whoever needs them.
package struct MLflowBody: Sendable {
    private let body: ByteBuffer
    private let request: Request
    private let context: AppRequestContext

    init(_ request: Request, _ context: AppRequestContext) async throws {
        body = try await MLflowCall.body(of: request)
        self.request = request
        self.context = context
    }

    /// Reads the fields.
    package func call() throws -> MLflowCall {
        try MLflowCall(request, context, pathFields: [], body: body)
    }

    /// Reads the body with a parser of its own; nil when there is none or it is larger than any JSON may be.
    package func read<Value>(_ parse: (UnsafeBufferPointer<UInt8>) -> Value?) -> Value? {
        guard body.readableBytes > 0, body.readableBytes <= JSONLimits.lenientNumbers.bytes else { return nil }
        return body.withUnsafeReadableBytes { parse($0.bindMemory(to: UInt8.self)) }
    }
}

extension RouteTable {
    /// Registers an MLflow method as `mlflow` does, for hot paths: the handler returns the bytes of the reply.
    package func mlflowBytes(
        _ method: HTTPRequest.Method,
        _ path: String,
        version: String = "2.0",
        permission: Permission,
        audited: Bool? = nil,
        _ handler: @escaping @Sendable (MLflowBody) async throws -> [UInt8]
    ) {
        for prefix in ["/api/", "/ajax-api/"] {
            on(prefix + version + path, method: method, permission: permission, errors: .mlflow, audited: audited) {
                request,
                context in
                .bytes(try await handler(MLflowBody(request, context)), contentType: "application/json")
            }
        }
    }
}
