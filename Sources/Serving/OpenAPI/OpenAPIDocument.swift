import Core
package import HTTPSupport

/// The OpenAPI 3.1 description of every route of the server, with the deployed models' own schemas.
///
/// Every route of the table is there with its path, permission and error shape. The inference routes are there once more
/// for each deployment, with bodies that fit its model.
package struct OpenAPIDocument {
    private let entries: [RouteTable.Entry]
    private let models: [ModelSchema]
    private let version: String

    /// Describes routes and models.
    init(entries: [RouteTable.Entry], models: [ModelSchema], version: String) {
        self.entries = entries
        self.models = models
        self.version = version
    }

    /// The document.
    var json: JSONValue {
        var paths: JSONObject = [:]
        for entry in entries where !Self.isOwnPage(entry.path) {
            for path in Self.paths(of: entry) { add(operation(entry, path, nil), entry.method, path, to: &paths) }
        }
        for model in models {
            for entry in entries where InferenceRoute(entry.method, entry.path) != nil {
                for path in Self.paths(of: entry) where path.contains("{name}") && !path.contains("{version}") {
                    let concrete = path.replacing("{name}", with: Self.encoded(model.deployment))
                    add(operation(entry, path, model), entry.method, concrete, to: &paths)
                }
            }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Martlet", "version": .string(version),
                "description": "One server for experiments, models, deployments and predictions.",
            ],
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "servers": [["url": "/"]],
            "paths": .object(paths),
            "components": ["schemas": InferenceSchemas.components],
        ]
    }

    private func add(_ operation: JSONValue, _ method: String, _ path: String, to paths: inout JSONObject) {
        var item = paths[path]?.objectValue ?? [:]
        item[method.lowercased()] = operation
        paths[path] = .object(item)
    }

    /// The pages of the browsable description itself, which have no place in it.
    private static func isOwnPage(_ path: String) -> Bool { path.hasPrefix("/docs/api") }

    /// The paths that one route answers: OpenAPI has no catch-alls, and V1's verbs are part of a segment.
    package static func paths(of entry: RouteTable.Entry) -> [String] {
        let path = entry.path.replacing("**", with: "{path}")
        guard entry.method == "POST", path.hasPrefix("/v1/models/{name}") else { return [path] }
        return ["\(path):predict", "\(path):explain"]
    }

    private static func encoded(_ name: String) -> String {
        var text = ""
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }

    // MARK: Operations

    private func operation(_ entry: RouteTable.Entry, _ path: String, _ model: ModelSchema?) -> JSONValue {
        let route = InferenceRoute(entry.method, path)
        let name = model.map { path.replacing("{name}", with: $0.deployment) } ?? path
        var operation: JSONObject = [
            "operationId": .string("\(entry.method.lowercased()) \(name)"),
            "summary": .string(route?.summary ?? Self.summary(entry)),
            "tags": [.string(model.map { "model \($0.deployment)" } ?? route?.tag ?? Self.tag(path))],
            "x-martlet-permission": .string(entry.permission.rawValue),
        ]
        var parameters = path.split(separator: "/").compactMap(Self.parameterName).filter {
            model == nil || $0 != "name"
        }
        .map { Self.pathParameter($0) }
        if route == .invocations, !path.contains("{name}") {
            parameters.append(
                [
                    "name": "deployment", "in": "query", "required": false,
                    "description": "Which deployment, where there are several.",
                    "schema": ["enum": .array(models.map { .string($0.deployment) })],
                ]
            )
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let route { operation["requestBody"] = requestBody(route, path, model) }
        operation["responses"] = .object(responses(entry, path, route))
        return .object(operation)
    }

    private static func parameterName(_ segment: Substring) -> String? {
        guard let open = segment.firstIndex(of: "{"), let close = segment.firstIndex(of: "}") else { return nil }
        return String(segment[segment.index(after: open)..<close])
    }

    private static func pathParameter(_ name: String) -> JSONValue {
        let schema: JSONValue =
            name == "version" ? ["type": "integer", "minimum": 1] : ["type": "string", "minLength": 1]
        return ["name": .string(name), "in": "path", "required": true, "schema": schema]
    }

    private static func summary(_ entry: RouteTable.Entry) -> String {
        entry.permission == .open ? "Needs no permission." : "Needs the permission '\(entry.permission.rawValue)'."
    }

    private static func tag(_ path: String) -> String {
        let segments = path.split(separator: "/")
        guard let first = segments.first else { return "console" }
        guard first == "api" || first == "ajax-api" else { return String(first) }
        return segments.prefix(first == "api" ? 4 : 3).joined(separator: "/")
    }

    /// A request's body; for paths without a deployment's name that of the only deployment, or of any.
    private func requestBody(_ route: InferenceRoute, _ path: String, _ model: ModelSchema?) -> JSONValue {
        let known = model ?? (path.contains("{name}") || models.count != 1 ? nil : models.first)
        var media: JSONObject = ["schema": InferenceSchemas.anyObject]
        if let known {
            switch route {
            case .predict: media = ["schema": known.predict, "example": known.predictExample]
            case .v1Predict, .v1Explain: media = ["schema": known.v1, "example": known.v1Example]
            case .v2Infer, .v2Explain: media = ["schema": known.v2, "example": known.v2Example]
            case .invocations: media = ["schema": known.invocations, "example": known.invocationsExample]
            }
        }
        return ["required": true, "content": ["application/json": .object(media)]]
    }

    private func responses(_ entry: RouteTable.Entry, _ path: String, _ route: InferenceRoute?) -> JSONObject {
        let kind: InferenceSchemas.ErrorKind =
            switch entry.errors {
            case .martlet: .martlet
            case .mlflow: .mlflow
            case .inference: .inference
            case .page: .page
            }
        let error = InferenceSchemas.error(path, kind)
        guard let route else {
            return ["200": ["description": "Done."], "default": ["description": "Refused.", "content": error]]
        }
        var content: JSONObject = [
            "application/json": ["schema": ["$ref": .string("#/components/schemas/\(route.answer)")]]
        ]
        if route == .v2Infer || route == .v2Explain {
            content["application/octet-stream"] = [
                "schema": ["type": "string", "contentMediaType": "application/octet-stream"]
            ]
        }
        var responses: JSONObject = ["200": ["description": "The answer.", "content": .object(content)]]
        for (status, reason) in InferenceSchemas.refusals {
            responses[status] = ["description": .string(reason), "content": error]
        }
        return responses
    }
}

/// The routes that ask a model.
enum InferenceRoute {
    case predict, v1Predict, v1Explain, v2Infer, v2Explain, invocations

    /// Knows a route by its method and path; nil for every other.
    init?(_ method: String, _ path: String) {
        guard method == "POST" else { return nil }
        if path == "/predict" || path == "/predict/{name}" {
            self = .predict
        } else if path.hasPrefix("/v1/models/") {
            self = path.hasSuffix(":explain") ? .v1Explain : .v1Predict
        } else if path.hasPrefix("/v2/models/"), path.hasSuffix("/infer") {
            self = .v2Infer
        } else if path.hasPrefix("/v2/models/"), path.hasSuffix("/explain") {
            self = .v2Explain
        } else if path == "/invocations" || path == "/deployments/{name}/invocations" {
            self = .invocations
        } else {
            return nil
        }
    }

    /// What it is for.
    var summary: String {
        switch self {
        case .predict: "Predict one row or several."
        case .v1Predict: "Predict (KServe V1); CloudEvents in and out."
        case .v1Explain: "Explain predictions (KServe V1)."
        case .v2Infer:
            "Predict (Open Inference V2); tensors as JSON or, with Inference-Header-Content-Length, as bytes."
        case .v2Explain: "Explain predictions, as tensors."
        case .invocations: "Predict (MLflow's scoring server); JSON or CSV."
        }
    }

    /// The protocol that it belongs to.
    var tag: String {
        switch self {
        case .predict: "predict"
        case .v1Predict, .v1Explain: "KServe V1"
        case .v2Infer, .v2Explain: "Open Inference V2"
        case .invocations: "MLflow"
        }
    }

    /// The schema of the answer.
    var answer: String {
        switch self {
        case .predict: "Prediction"
        case .v1Predict, .invocations: "Predictions"
        case .v1Explain: "Explanations"
        case .v2Infer, .v2Explain: "V2Response"
        }
    }
}
