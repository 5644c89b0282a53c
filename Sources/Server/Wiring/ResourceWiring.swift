import Access
import Core
import Foundation
import HTTPSupport
import Hummingbird
import NIOCore
import Pipelines
import Traces
import Tracking

/// Which thing a request is about, for callers who have rights to single things only.
///
/// Who has a role in the workspace is never asked for this.
enum ResourceWiring {
    /// Finds things by the route's pattern, the path, the query and the JSON body.
    static func finder(stores: Stores, pipelines: PipelineService) -> ResourceFinder {
        { entry, request, context in
            let captured = ResourceFields.captured(context)
            guard let place = place(of: entry.path) else { return nil }
            switch place {
            case .named(let kind, let key):
                return captured[key].map { ResourceName(kind: kind, id: $0) }
            case .artifacts:
                let parts = request.uri.path.split(separator: "/")
                guard let at = parts.firstIndex(where: { $0 == "artifacts" || $0 == "mpu" }) else { return nil }
                // The first folder of a proxied path is the experiment's; in it nothing may climb out.
                let inside = parts[(at + 1)...].drop { ["create", "complete", "abort", "presigned"].contains($0) }
                guard let first = inside.first, !inside.contains("..") else { return nil }
                return ResourceName(kind: .experiment, id: String(first))
            case .pipelineRun:
                guard let id = captured["id"] else { return nil }
                return ResourceName(kind: .pipeline, id: try await pipelines.run(id).pipeline)
            case .mlflow(let family):
                let fields = try await ResourceFields(&request, captured: captured)
                return try await mlflow(family, fields, stores)
            }
        }
    }

    private enum Place {
        /// A path that names the thing.
        case named(ResourceKind, String)
        /// The proxy of artifacts, whose paths begin with an experiment's id.
        case artifacts
        /// A run of a pipeline.
        case pipelineRun
        /// A method of MLflow, which names things in its fields.
        case mlflow(Substring)
    }

    private static func place(of pattern: String) -> Place? {
        let parts = pattern.split(separator: "/")
        if pattern.hasPrefix("/api/martlet/v1/"), parts.count > 4 {
            let key = captureName(parts[4])
            switch parts[3] {
            case "deployments": return key.map { .named(.deployment, $0) }
            case "pipelines": return key.map { .named(.pipeline, $0) }
            case "pipeline-runs": return .pipelineRun
            case "data": return key.map { .named(.dataset, $0) }
            default: return nil
            }
        }
        if pattern.hasPrefix("/v1/models/") || pattern.hasPrefix("/v2/models/"), parts.count > 2 {
            return captureName(parts[2]).map { .named(.deployment, $0) }
        }
        if pattern.contains("/mlflow-artifacts/") { return .artifacts }
        if let at = parts.firstIndex(of: "mlflow"), at + 1 < parts.count { return .mlflow(parts[at + 1]) }
        return nil
    }

    /// The name in `{name}` or `{name}:predict`.
    private static func captureName(_ part: Substring) -> String? {
        guard let open = part.firstIndex(of: "{"), let close = part.firstIndex(of: "}") else { return nil }
        return String(part[part.index(after: open)..<close])
    }

    private static func mlflow(
        _ family: Substring,
        _ fields: ResourceFields,
        _ stores: Stores
    ) async throws -> ResourceName? {
        switch family {
        case "registered-models", "model-versions":
            // A version's source may lie in any experiment; that takes a role.
            guard fields.texts("source").isEmpty else { return nil }
            return fields.text("name").map { ResourceName(kind: .registeredModel, id: $0) }
        default: break
        }
        // A request that names several things is about none of them alone, whichever of them its handler looks at.
        var experiments = Set(fields.texts("experiment_id") + fields.texts("experiment_ids"))
        for trace in fields.texts("trace_id") + fields.texts("request_id") {
            experiments.insert(try await stores.traces.info(trace).experimentID)
        }
        for run in fields.texts("run_id") + fields.texts("run_uuid") {
            experiments.insert(try await stores.tracking.run(run).info.experimentID)
        }
        for model in fields.texts("model_id") {
            experiments.insert(try await stores.tracking.loggedModel(model).experimentID)
        }
        for name in family == "experiments" ? fields.texts("experiment_name") : [] {
            experiments.insert(try await stores.tracking.experiment(named: name).id)
        }
        return experiments.count == 1 ? experiments.first.map(experiment) : nil
    }

    private static func experiment(_ id: String) -> ResourceName {
        ResourceName(kind: .experiment, id: id)
    }
}

/// What a request says in its path, its query and its JSON body.
struct ResourceFields {
    private var query: [(name: String, value: String)] = []
    private var body = JSONObject()
    private let captured: [String: String]

    /// Reads them; the body is put back for the handler.
    init(_ request: inout Request, captured: [String: String]) async throws {
        self.captured = captured
        query = try request.decodedQuery()
        guard request.method != .get else { return }
        let buffer = try await request.readBody()
        request.body = RequestBody(buffer: buffer)
        guard buffer.readableBytes > 0 else { return }
        body = try JSONValue.parse(buffer.readableBytesView, limits: .lenientNumbers).objectValue ?? [:]
    }

    /// What the path captured, decoded.
    static func captured(_ context: AppRequestContext) -> [String: String] {
        var captured: [String: String] = [:]
        for (name, value) in context.parameters {
            captured[String(name)] = PercentEncoding.decode(value) ?? String(value)
        }
        return captured
    }

    /// A field that is sent once; nil without one, and when two places name different things.
    func text(_ name: String) -> String? {
        let all = Set(texts(name))
        return all.count == 1 ? all.first : nil
    }

    /// Every value of a field.
    func texts(_ name: String) -> [String] {
        if let value = captured[name] { return [value] }
        let words = name.split(separator: "_")
        let camel = (words.first.map(String.init) ?? "") + words.dropFirst().map(\.capitalized).joined()
        let sent = [name, camel].compactMap { body[$0] }.flatMap { value -> [String] in
            value.arrayValue?.compactMap(\.stringValue) ?? value.stringValue.map { [$0] } ?? []
        }
        return sent + query.filter { $0.name == name || $0.name == camel }.map(\.value)
    }
}
