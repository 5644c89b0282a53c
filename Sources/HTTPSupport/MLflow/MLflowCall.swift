package import Core
package import Hummingbird
import NIOCore

/// One call of an MLflow method: its fields, from the query for GET and from the JSON body otherwise.
package struct MLflowCall: Sendable {
    /// The fields, with the captured parts of the path among them.
    package let fields: MLflowFields
    /// The request.
    package let request: Request
    /// The context.
    package let context: AppRequestContext

    init(_ request: Request, _ context: AppRequestContext, pathFields: [String]) async throws {
        try self.init(request, context, pathFields: pathFields, body: await Self.body(of: request))
    }

    init(_ request: Request, _ context: AppRequestContext, pathFields: [String], body: ByteBuffer) throws {
        var fields = try Self.fields(of: request, body)
        for name in pathFields {
            guard let value = PercentEncoding.decode(try context.parameters.require(name)) else {
                throw MartletError(.invalidArgument, "The path has a broken percent escape in '\(name)'.")
            }
            fields = fields.setting(name, value)
        }
        self.fields = fields
        self.request = request
        self.context = context
    }

    /// Refuses what is not declared as JSON, so that no page of another origin can send it as a form.
    private static func requireJSON(_ contentType: String?) throws(MartletError) {
        guard let contentType else {
            throw MartletError(.invalidArgument, "Bad Request. Content-Type header is missing.")
        }
        guard contentType.prefix(while: { $0 != ";" }).lowercased() == "application/json" else {
            throw MartletError(.invalidArgument, "Bad Request. Content-Type must be one of ['application/json'].")
        }
    }

    /// The body, empty for GET; it must be declared as JSON where one is expected.
    static func body(of request: Request) async throws -> ByteBuffer {
        if request.method == .get { return ByteBuffer() }
        let needsType = request.method == .post || request.method == .put
        if needsType { try requireJSON(request.headers[.contentType]) }
        return try await request.readBody()
    }

    private static func fields(of request: Request, _ body: ByteBuffer) throws -> MLflowFields {
        if request.method == .get { return MLflowFields(query: try request.decodedQuery()) }
        if body.readableBytes == 0 { return MLflowFields([:]) }
        var value = try JSONValue.parse(body.readableBytesView, limits: .lenientNumbers)
        // Old clients encode the body twice.
        if let text = value.stringValue { value = try JSONValue.parse(text, limits: .lenientNumbers) }
        guard let object = value.objectValue else {
            throw MartletError(.invalidArgument, "The request body must be a JSON object, but is \(value.kind).")
        }
        return MLflowFields(object)
    }
}

extension Request {
    /// The names and values of the query, decoded, in order; `+` stands for a space.
    ///
    /// - Throws: `invalidArgument` for a broken percent escape.
    package func decodedQuery() throws(MartletError) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for part in (uri.query ?? "").split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(sides[0], plusIsSpace: true),
                let value = PercentEncoding.decode(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            else { throw MartletError(.invalidArgument, "The query has a broken percent escape in '\(part)'.") }
            pairs.append((name, value))
        }
        return pairs
    }
}

extension RouteTable {
    /// Registers an MLflow method under `/api/<version>` and, for web pages, under `/ajax-api/<version>`.
    ///
    /// - Parameters:
    ///   - method: the HTTP method.
    ///   - path: such as `/mlflow/runs/create`; `{name}` captures a field.
    ///   - version: `2.0` or `3.0`.
    ///   - permission: what the caller needs.
    ///   - audited: as for `on`.
    ///   - handler: returns the members of the reply.
    package func mlflow(
        _ method: HTTPRequest.Method,
        _ path: String,
        version: String = "2.0",
        permission: Permission,
        audited: Bool? = nil,
        _ handler: @escaping @Sendable (MLflowCall) async throws -> JSONObject
    ) {
        let captured = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
        for prefix in ["/api/", "/ajax-api/"] {
            on(prefix + version + path, method: method, permission: permission, errors: .mlflow, audited: audited) {
                request,
                context in
                .json(.object(try await handler(MLflowCall(request, context, pathFields: captured))))
            }
        }
    }
}
