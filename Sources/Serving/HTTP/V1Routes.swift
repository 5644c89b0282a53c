import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// KServe V1: `/v1/models`, `/v1/models/{name}` and `:predict`.
///
/// A model is a deployment by its name.
package struct V1Routes: Sendable {
    private let http: InferenceHTTP

    /// Serves `plane`.
    package init(plane: DataPlane) {
        http = InferenceHTTP(plane: plane)
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        let http = http
        routes.get("/v1/models", permission: .read, errors: .inference) { _, _ in
            .json(["models": .array(http.plane.deployments.all.map { .string($0.name) })])
        }
        routes.get("/v1/models/{name}", permission: .read, errors: .inference) { _, context in
            let deployment = try http.deployment(try context.parameters.require("name"))
            _ = try deployment.ready()
            return .json(["name": .string(deployment.name), "ready": true])
        }
        routes.post("/v1/models/{name}", permission: .predict, errors: .inference) { request, context in
            try await http.run(.v1) {
                try await Self.predict(http, try context.parameters.require("name"), request, context)
            }
        }
    }

    private static func predict(
        _ http: InferenceHTTP,
        _ segment: String,
        _ request: Request,
        _ context: AppRequestContext
    ) async throws -> (Response, ServedModel) {
        guard let colon = segment.lastIndex(of: ":") else {
            throw MartletError(.notFound, "Post to /v1/models/{name}:predict.")
        }
        let verb = segment[segment.index(after: colon)...]
        guard verb == "predict" else {
            throw MartletError(
                .unimplemented,
                "The verb ':\(verb.prefix(40))' is not implemented; there is ':predict'."
            )
        }
        let id = InferenceHTTP.requestID(request, context)
        let deployment = try http.deployment(String(segment[..<colon]))
        try InferenceHTTP.requireJSON(request)
        let model = try await http.plane.model(of: deployment)
        let buffer = try await InferenceHTTP.body(request)
        let rows = try InferenceHTTP.parse(buffer) { try V1Body.rows($0, model) }
        let response = try await http.plane.infer(
            InferenceRequest(id: id, deployment: deployment, rows: rows.values, count: rows.count, via: .v1)
        )
        var writer = JSONWriter(capacity: 32 + response.outputs.count * 12)
        writer.raw(#"{"predictions":"#)
        writer.rows(response)
        writer.raw(0x7D)
        return (InferenceHTTP.json(writer.bytes, id: id), response.served)
    }
}

extension JSONWriter {
    /// One element for each row: a number, or an array when a row has several outputs.
    mutating func rows(_ response: InferenceResponse) {
        let width = response.count == 0 ? 1 : response.outputs.count / response.count
        raw(0x5B)
        for row in 0..<response.count {
            if row > 0 { raw(0x2C) }
            if width == 1 {
                number(response.outputs[row])
                continue
            }
            raw(0x5B)
            for column in 0..<width {
                if column > 0 { raw(0x2C) }
                number(response.outputs[row * width + column])
            }
            raw(0x5D)
        }
        raw(0x5D)
    }
}
