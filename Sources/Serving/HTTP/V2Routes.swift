import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import Runtimes

/// Open Inference V2 over REST.
///
/// A model is a deployment by its name; without a version the traffic plan chooses.
package struct V2Routes: Sendable {
    private let http: InferenceHTTP
    private let serverVersion: String

    /// Serves `plane`; `serverVersion` is what `GET /v2` tells.
    package init(plane: DataPlane, serverVersion: String) {
        http = InferenceHTTP(plane: plane)
        self.serverVersion = serverVersion
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        registerServer(in: routes)
        for path in ["/v2/models/{name}", "/v2/models/{name}/versions/{version}"] {
            registerModel(path, in: routes)
        }
    }

    private func registerServer(in routes: RouteTable) {
        let deployments = http.plane.deployments
        let version = serverVersion
        routes.get("/v2", permission: .read, errors: .inference) { _, _ in
            .json([
                "name": "martlet", "version": .string(version),
                "extensions": [
                    "binary_tensor_data", "classification", "model_configuration", "model_repository", "parameters",
                    "statistics",
                ],
            ])
        }
        routes.get("/v2/health/live", permission: .open, errors: .inference) { _, _ in .json(["live": true]) }
        routes.get("/v2/health/ready", permission: .open, errors: .inference) { _, _ in
            let isReady = deployments.all.allSatisfy { $0.routing != nil }
            return .json(["ready": .bool(isReady)], status: isReady ? .ok : .serviceUnavailable)
        }
        routes.get("/v2/models", permission: .read, errors: .inference) { _, _ in
            .json(["models": .array(deployments.all.map { .string($0.name) })])
        }
    }

    private func registerModel(_ path: String, in routes: RouteTable) {
        let http = http
        routes.get(path, permission: .read, errors: .inference) { _, context in
            let (deployment, served) = try Self.served(http, context)
            return .json(Self.metadata(deployment, try await served.load().loaded))
        }
        routes.get("\(path)/ready", permission: .read, errors: .inference) { _, context in
            let (deployment, _) = try Self.served(http, context)
            return .json(["name": .string(deployment.name), "ready": true])
        }
        routes.post("\(path)/explain", permission: .predict, errors: .inference) { request, context in
            try await http.run(.v2, request, context, route: "\(path)/explain") { id in
                try await Self.explain(http, request, context, id)
            }
        }
        routes.post("\(path)/infer", permission: .predict, errors: .inference) { request, context in
            try await http.run(.v2, request, context, route: "\(path)/infer") { id in
                try await Self.infer(http, request, context, id)
            }
        }
    }

    /// The deployment and the version that the path names.
    private static func served(
        _ http: InferenceHTTP,
        _ context: AppRequestContext
    ) throws -> (LiveDeployment, ServedModel) {
        let deployment = try http.deployment(try context.parameters.require("name"))
        let routing = try deployment.ready()
        guard let version = try InferenceHTTP.version(context) else { return (deployment, routing.stable) }
        guard let served = routing.model(version: version) else {
            throw MartletError(.notFound, "Version \(version) of '\(deployment.name)' is not loaded.")
        }
        return (deployment, served)
    }

    private static func metadata(_ deployment: LiveDeployment, _ model: LoadedModel) -> JSONValue {
        func tensors(_ specs: [TensorSpec]) -> JSONValue {
            .array(
                specs.map {
                    [
                        "name": .string($0.name), "datatype": .string($0.dataType.rawValue),
                        "shape": .array($0.shape.map { .int($0) }),
                    ]
                }
            )
        }
        return [
            "name": .string(deployment.name),
            "versions": .array((deployment.routing?.versions ?? []).map { .string($0.versionText) }),
            "platform": .string("martlet_\(model.runtime.name)"),
            "inputs": tensors(V2Outputs.inputSpecs(model)),
            "outputs": tensors(V2Outputs.specs(model)),
            "parameters": ["columns": .string(model.inputs.joined(separator: ","))],
        ]
    }

    private static func infer(
        _ http: InferenceHTTP,
        _ request: Request,
        _ context: AppRequestContext,
        _ made: String
    ) async throws -> Answered {
        let deployment = try http.deployment(try context.parameters.require("name"))
        let version = try InferenceHTTP.version(context)
        try requireTensors(request)
        try http.plane.admit(deployment, version: version)
        let model = try await http.plane.model(of: deployment, version: version)
        let length = try jsonLength(request)
        let buffer = try await InferenceHTTP.body(request)
        let call = try InferenceHTTP.parse(buffer) { try V2Call($0, jsonLength: length, model) }
        let given = call.request?.id
        let id = given.flatMap { InferenceHTTP.isSound($0) ? $0 : nil } ?? made
        let response = try await http.plane.infer(
            InferenceRequest(
                id: id,
                deployment: deployment,
                version: version,
                call: ModelCall(
                    call.input,
                    outputs: call.request?.asked,
                    parameters: try call.parameters(model),
                    deadline: try InferenceHTTP.deadline(request, microseconds: call.request?.timeoutMicroseconds)
                ),
                count: call.count,
                via: .v2,
                readFor: model,
                header: InferenceHTTP.header(request, deployment)
            )
        )
        let answer = try V2Response(response, id: given ?? id, request: call.request)
        let result = await respond(answer, id: id, request)
        return Answered(response: result, served: response.served, inference: response)
    }

    private static func explain(
        _ http: InferenceHTTP,
        _ request: Request,
        _ context: AppRequestContext,
        _ made: String
    ) async throws -> Answered {
        let deployment = try http.deployment(try context.parameters.require("name"))
        let version = try InferenceHTTP.version(context)
        try requireTensors(request)
        try http.plane.admit(deployment, version: version)
        let model = try ExplanationRequest.requireRows(
            try await http.plane.model(of: deployment, version: version)
        )
        let length = try jsonLength(request)
        let buffer = try await InferenceHTTP.body(request)
        let body = try InferenceHTTP.parse(buffer) { try V2Call($0, jsonLength: length, model, explains: true) }
        guard case .rows(let values, let count) = body.input else {
            throw MartletError(.invalidArgument, "Explanations are of rows of numbers.")
        }
        var wish = ExplanationRequest(
            deployment: deployment,
            version: version,
            rows: FeatureRows(values: values, count: count)
        )
        wish.deadline = try InferenceHTTP.deadline(request, microseconds: body.request?.timeoutMicroseconds)
        let parameters = body.request?.parameters
        try wish.take(seed: parameters?["seed"], samples: parameters?["samples"])
        let explanation = try await http.plane.explain(wish)
        let id = body.request?.id ?? made
        let answer = try V2Response(explanation, id: id, request: body.request)
        return Answered(response: await respond(answer, id: made, request), served: explanation.served)
    }

    private static func respond(_ answer: V2Response, id: String, _ request: Request) async -> Response {
        var response = await InferenceHTTP.answer(
            answer.body,
            contentType: answer.jsonLength == nil ? "application/json" : "application/octet-stream",
            id: id,
            request
        )
        if let length = answer.jsonLength { response.headers[.inferenceHeaderLength] = String(length) }
        return response
    }

    /// The length of the JSON part; nil when the whole body is JSON, whatever the media type says.
    private static func jsonLength(_ request: Request) throws(MartletError) -> Int? {
        guard let text = request.headers[.inferenceHeaderLength] else { return nil }
        guard let length = Int(text), length >= 0 else {
            throw MartletError(
                .invalidArgument,
                "Inference-Header-Content-Length must be a whole number of bytes, but is '\(text.prefix(40))'."
            )
        }
        return length
    }

    /// Clients of this protocol send JSON, octet-stream or nothing as media type; anything else is not for it.
    private static func requireTensors(_ request: Request) throws(MartletError) {
        guard let type = request.headers[.contentType], type != "application/json",
            type != "application/octet-stream", !request.hasJSONBody
        else { return }
        throw InferenceHTTP.unsupported(request, "application/json or application/octet-stream")
    }
}

extension HTTPField.Name {
    /// `Inference-Header-Content-Length`, the binary tensor extension's length of the JSON part.
    static let inferenceHeaderLength = HTTPField.Name("Inference-Header-Content-Length") ?? .contentLength
}
