import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import Runtimes

/// MLflow's scoring server: `POST /invocations`, `GET /ping`.
///
/// The deployment is the only one there is, or named by the path, by `?deployment=` or by SageMaker's header for
/// endpoints of several models.
package struct InvocationRoutes: Sendable {
    private let http: InferenceHTTP

    /// Serves `plane`.
    package init(plane: DataPlane) {
        http = InferenceHTTP(plane: plane)
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        let http = http
        routes.get("/ping", permission: .open, errors: .mlflow) { request, _ in
            let deployments = http.plane.deployments.all
            guard !deployments.isEmpty, deployments.allSatisfy({ $0.routing != nil }) else {
                throw MartletError(.notFound, "No model is ready.")
            }
            return .bytes([0x0A], contentType: "application/json")
        }
        for path in ["/invocations", "/deployments/{name}/invocations"] {
            routes.post(path, permission: .predict, errors: .mlflow) { request, context in
                do {
                    return try await http.run(.invocations, request, context, route: path) { id in
                        try await Self.answer(http, request, context, id)
                    }
                } catch let error as MartletError where error.code == .unsupportedMediaType {
                    // MLflow's scoring server says this in plain text.
                    var response = Response.text(error.message, status: .unsupportedMediaType)
                    response.headers[.requestID] = context.requestID
                    return response
                }
            }
        }
    }

    private static func answer(
        _ http: InferenceHTTP,
        _ request: Request,
        _ context: AppRequestContext,
        _ made: String
    ) async throws -> Answered {
        let deployment = try deployment(http, request, context)
        let isCSV = try isCSV(request)
        try http.plane.admit(deployment)
        let id = request.headers[.sageMakerInferenceID].flatMap { InferenceHTTP.isSound($0) ? $0 : nil } ?? made
        let model = try await http.plane.model(of: deployment)
        let buffer = try await InferenceHTTP.body(request)
        let body = try InferenceHTTP.parse(buffer) { try Self.read($0, isCSV: isCSV, model) }
        let response = try await http.plane.infer(
            InferenceRequest(
                id: id,
                deployment: deployment,
                call: ModelCall(
                    body.input,
                    parameters: body.parameters,
                    deadline: try InferenceHTTP.deadline(request)
                ),
                count: body.count,
                via: .invocations,
                readFor: model,
                header: InferenceHTTP.header(request, deployment)
            )
        )
        let bytes = try InvocationsAnswer.write(response, isWrapped: body.isWrapped)
        let answer = await InferenceHTTP.json(bytes, id: id, request)
        return Answered(response: answer, served: response.served, inference: response)
    }

    private static func deployment(
        _ http: InferenceHTTP,
        _ request: Request,
        _ context: AppRequestContext
    ) throws -> LiveDeployment {
        if let name = context.parameters.get("name") { return try http.deployment(name) }
        if let name = request.query("deployment") { return try http.plane.deployments.find(name) }
        return try http.plane.deployments.find(request.headers[.sageMakerTargetModel])
    }

    private static func read(
        _ bytes: UnsafeBufferPointer<UInt8>,
        isCSV: Bool,
        _ model: LoadedModel
    ) throws(MartletError) -> InvocationsInput {
        guard model.rows != nil else {
            return isCSV ? try InvocationsInput(csv: bytes, model) : try InvocationsInput(json: bytes, model)
        }
        let rows = isCSV ? try InvocationsBody.rows(csv: bytes, model) : try InvocationsBody.rows(bytes, model)
        return InvocationsInput(rows)
    }

    /// Whether the body is CSV; JSON otherwise.
    ///
    /// As with MLflow, `charset=utf-8` is the only parameter there may be.
    private static func isCSV(_ request: Request) throws(MartletError) -> Bool {
        let parts = (request.headers[.contentType] ?? "").split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        let charsetIsKnown = parts.dropFirst().allSatisfy { $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }
        switch parts.first {
        case "application/json" where charsetIsKnown: return false
        case "text/csv" where charsetIsKnown: return true
        default:
            throw InferenceHTTP.unsupported(
                request,
                "application/json or text/csv, with no parameter but charset=utf-8"
            )
        }
    }
}

extension HTTPField.Name {
    /// The model of a SageMaker endpoint of several models.
    static let sageMakerTargetModel = HTTPField.Name("X-Amzn-SageMaker-Target-Model") ?? .expires
    /// The id that SageMaker's caller gives a request.
    static let sageMakerInferenceID = HTTPField.Name("X-Amzn-SageMaker-Inference-Id") ?? .expires
}
