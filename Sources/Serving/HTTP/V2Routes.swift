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
                "extensions": ["model_repository", "binary_tensor_data", "parameters"],
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
        routes.post("/v2/repository/index", permission: .read, errors: .inference) { request, _ in
            let buffer = try await request.readBody(limit: ServingLimits.feedbackBytes)
            var onlyReady = false
            if buffer.readableBytes > 0 {
                let fields = try JSONFields(try JSONValue.parse(buffer.readableBytesView))
                onlyReady = try fields.optionalBool("ready") ?? false
            }
            return .json(.array(deployments.all.flatMap { Self.index($0, onlyReady) }))
        }
    }

    private static func index(_ deployment: LiveDeployment, _ onlyReady: Bool) -> [JSONValue] {
        guard let routing = deployment.routing else {
            let row: JSONValue = [
                "name": .string(deployment.name), "state": "UNAVAILABLE", "reason": "no version is loaded",
            ]
            return onlyReady ? [] : [row]
        }
        return routing.versions.map {
            ["name": .string(deployment.name), "version": .string($0.versionText), "state": "READY", "reason": ""]
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
        routes.post("\(path)/infer", permission: .predict, errors: .inference) { request, context in
            try await http.run(.v2) { try await Self.infer(http, request, context) }
        }
    }

    /// The deployment and the version that the path names.
    private static func served(
        _ http: InferenceHTTP,
        _ context: AppRequestContext
    ) throws -> (LiveDeployment, ServedModel) {
        let deployment = try http.deployment(try context.parameters.require("name"))
        let routing = try deployment.ready()
        guard let version = try version(context) else { return (deployment, routing.stable) }
        guard let served = routing.model(version: version) else {
            throw MartletError(.notFound, "Version \(version) of '\(deployment.name)' is not loaded.")
        }
        return (deployment, served)
    }

    private static func version(_ context: AppRequestContext) throws(MartletError) -> Int? {
        guard let text = context.parameters.get("version") else { return nil }
        guard let version = Int(text), version > 0 else {
            throw MartletError(.notFound, "There is no version '\(text.prefix(40))'; versions are whole numbers.")
        }
        return version
    }

    private static func metadata(_ deployment: LiveDeployment, _ model: LoadedModel) -> JSONValue {
        let width = model.outputWidth
        var outputs: [JSONValue] = [
            [
                "name": .string(V2Response.predictOutput), "datatype": "FP32",
                "shape": width > 1 ? [-1, .int(width)] : [-1],
            ]
        ]
        if V2Response.hasLabels(model) {
            outputs.append(["name": .string(V2Response.labelOutput), "datatype": "BYTES", "shape": [-1]])
        }
        return [
            "name": .string(deployment.name),
            "versions": .array((deployment.routing?.versions ?? []).map { .string($0.versionText) }),
            "platform": .string("martlet_\(model.runtime.name)"),
            "inputs": [["name": "input", "datatype": "FP32", "shape": [-1, .int(model.inputs.count)]]],
            "outputs": .array(outputs),
            "parameters": ["columns": .string(model.inputs.joined(separator: ","))],
        ]
    }

    private static func infer(
        _ http: InferenceHTTP,
        _ request: Request,
        _ context: AppRequestContext
    ) async throws -> (Response, ServedModel) {
        let deployment = try http.deployment(try context.parameters.require("name"))
        let version = try version(context)
        try requireTensors(request)
        let model = try await http.plane.model(of: deployment)
        let length = try jsonLength(request)
        let buffer = try await InferenceHTTP.body(request)
        let (body, rows) = try InferenceHTTP.parse(buffer) { bytes in
            try read(bytes, jsonLength: length, model)
        }
        let id = body?.id.flatMap { InferenceHTTP.isSound($0) ? $0 : nil } ?? InferenceHTTP.requestID(request, context)
        let response = try await http.plane.infer(
            InferenceRequest(
                id: id,
                deployment: deployment,
                version: version,
                rows: rows.values,
                count: rows.count,
                via: .v2
            )
        )
        let answer = try V2Response(
            response,
            id: body?.id ?? id,
            asked: body?.outputs,
            wantsBinary: body?.wantsBinary ?? true
        )
        let isBinary = answer.jsonLength != nil
        var result = Response.bytes(
            answer.body,
            contentType: isBinary ? "application/octet-stream" : "application/json"
        )
        result.headers[.requestID] = id
        if let length = answer.jsonLength { result.headers[.inferenceHeaderLength] = String(length) }
        return (result, response.served)
    }

    /// Reads the JSON part and the blobs; without a JSON part the body is the one input's blob.
    private static func read(
        _ bytes: UnsafeBufferPointer<UInt8>,
        jsonLength: Int?,
        _ model: LoadedModel
    ) throws -> (V2Request?, FeatureRows) {
        let length = jsonLength ?? bytes.count
        guard length <= bytes.count else {
            throw MartletError(
                .invalidArgument,
                "Inference-Header-Content-Length is \(length), but the body has \(bytes.count) bytes."
            )
        }
        guard length > 0 || jsonLength == nil else {
            let width = model.inputs.count * 4
            guard width > 0, bytes.count % width == 0 else {
                throw MartletError(.invalidArgument, "A raw body must hold rows of \(model.inputs.count) FP32 numbers.")
            }
            let values = BinaryTensor.decode(bytes, .float32, count: bytes.count / 4)
            return (nil, FeatureRows(values: values, count: bytes.count / width))
        }
        let request = try V2Request(UnsafeBufferPointer(rebasing: bytes[..<length]))
        let rows = try request.rows(model, blobs: UnsafeBufferPointer(rebasing: bytes[length...]))
        return (request, rows)
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
