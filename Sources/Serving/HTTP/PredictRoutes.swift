import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import Runtimes

/// `POST /predict` and `POST /predict/{name}`: rows in, answers out.
package struct PredictRoutes: Sendable {
    private let http: InferenceHTTP

    /// Serves `plane`.
    package init(plane: DataPlane) {
        http = InferenceHTTP(plane: plane)
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        let http = http
        for path in ["/predict", "/predict/{name}"] {
            routes.post(path, permission: .predict, errors: .martlet) { request, context in
                try await http.run(.predict, request, context, route: path) { id in
                    try await Self.predict(http, request, context, id)
                }
            }
        }
    }

    private static func predict(
        _ http: InferenceHTTP,
        _ request: Request,
        _ context: AppRequestContext,
        _ id: String
    ) async throws -> Answered {
        try InferenceHTTP.requireJSON(request)
        let deadline = try InferenceHTTP.deadline(request)
        let named = try context.parameters.get("name").map { try http.deployment($0) }
        if let named { try http.plane.admit(named) }
        let buffer = try await InferenceHTTP.body(request)
        let body = try InferenceHTTP.parse(buffer) { try PredictBody($0) }
        let deployment = try named ?? http.plane.deployments.find(body.deployment)
        if let given = body.deployment, given != deployment.name {
            throw MartletError(
                .invalidArgument,
                "The path names the deployment '\(deployment.name)', the body '\(given.prefix(100))'."
            )
        }
        let model = try await http.plane.model(of: deployment)
        let (input, count) = try InferenceHTTP.parse(buffer) { try body.meaning($0, model) }
        let response = try await http.plane.infer(
            InferenceRequest(
                id: id,
                deployment: deployment,
                call: ModelCall(input, deadline: deadline),
                count: count,
                via: .predict,
                readFor: model,
                header: InferenceHTTP.header(request, deployment)
            )
        )
        let bytes = try PredictAnswer.write(response, id: id, isSingle: body.isSingle)
        let answer = await InferenceHTTP.json(bytes, id: id, request)
        return Answered(response: answer, served: response.served, inference: response)
    }
}
