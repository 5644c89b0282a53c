import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// MLflow's scoring server: `POST /invocations`, for the only deployment or the one that `?deployment=` names.
package struct InvocationRoutes: Sendable {
    private let http: InferenceHTTP

    /// Serves `plane`.
    package init(plane: DataPlane) {
        http = InferenceHTTP(plane: plane)
    }

    /// Adds the route.
    package func register(in routes: RouteTable) {
        let http = http
        routes.post("/invocations", permission: .predict, errors: .mlflow) { request, context in
            let id = InferenceHTTP.requestID(request, context)
            return try await http.run(.invocations) {
                let deployment = try http.plane.deployments.find(request.query("deployment"))
                let model = try await http.plane.model(of: deployment)
                let rows = try await Self.rows(request, model)
                let response = try await http.plane.infer(
                    InferenceRequest(
                        id: id,
                        deployment: deployment,
                        rows: rows.values,
                        count: rows.count,
                        via: .invocations
                    )
                )
                var writer = JSONWriter(capacity: 32 + response.outputs.count * 12)
                writer.raw(#"{"predictions":"#)
                writer.rows(response)
                writer.raw(0x7D)
                return (InferenceHTTP.json(writer.bytes, id: id), response.served)
            }
        }
    }

    private static func rows(_ request: Request, _ model: LoadedModel) async throws -> FeatureRows {
        if request.hasJSONBody {
            let buffer = try await InferenceHTTP.body(request)
            return try InferenceHTTP.parse(buffer) { try InvocationsBody.rows($0, model) }
        }
        let media = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased()
        guard media == "text/csv" else {
            throw InferenceHTTP.unsupported(request, "application/json or text/csv")
        }
        let buffer = try await InferenceHTTP.body(request)
        return try InvocationsBody.rows(csv: buffer.readableBytesView, model)
    }
}
