import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// The extensions of Open Inference V2 that are about models, not predictions: repository, configuration, statistics,
/// settings of tracing and logging, and in words what there is not.
package struct V2RepositoryRoutes: Sendable {
    private let repository: ModelRepository
    private let reporter: RequestReporter

    /// Serves `repository`; `reporter` knows what is traced.
    package init(repository: ModelRepository, reporter: RequestReporter) {
        self.repository = repository
        self.reporter = reporter
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        registerRepository(in: routes)
        registerStatistics(in: routes)
        registerSettings(in: routes)
        registerAbsent(in: routes)
    }

    private func registerRepository(in routes: RouteTable) {
        let repository = repository
        routes.post("/v2/repository/index", permission: .read, errors: .inference) { request, _ in
            let onlyReady = try await Self.fields(request).optionalBool("ready") ?? false
            let entries = try await repository.index(readyOnly: onlyReady)
            return .json(
                .array(
                    entries.map { entry in
                        var row: JSONObject = ["name": .string(entry.name)]
                        if let version = entry.version { row["version"] = .string(version) }
                        row["state"] = .string(entry.state)
                        row["reason"] = .string(entry.reason)
                        return .object(row)
                    }
                )
            )
        }
        routes.post("/v2/repository/models/{name}/load", permission: .operate, errors: .inference) { request, context in
            let name = try Self.name(context)
            let parameters = try await Self.fields(request).optionalObject("parameters") ?? [:]
            try await repository.load(name, parameters: parameters)
            return .json(["name": .string(name), "load": true])
        }
        routes.post("/v2/repository/models/{name}/unload", permission: .operate, errors: .inference) {
            request,
            context in
            let name = try Self.name(context)
            _ = try await Self.fields(request)
            try await repository.unload(name)
            return .json(["name": .string(name), "unload": true])
        }
    }

    private func registerStatistics(in routes: RouteTable) {
        let repository = repository
        routes.get("/v2/models/stats", permission: .read, errors: .inference) { _, _ in
            .json(["model_stats": .array(try repository.statistics().map(\.json))])
        }
        for path in ["/v2/models/{name}", "/v2/models/{name}/versions/{version}"] {
            routes.get("\(path)/stats", permission: .read, errors: .inference) { _, context in
                let version = context.parameters.get("version")
                let statistics = try repository.statistics(try Self.name(context), version: version)
                return .json(["model_stats": .array(statistics.map(\.json))])
            }
            routes.get("\(path)/config", permission: .read, errors: .inference) { _, context in
                let version = context.parameters.get("version")
                return .json(try await repository.configuration(try Self.name(context), version: version))
            }
        }
    }

    /// Settings that are read here; they are set where the server is started.
    private func registerSettings(in routes: RouteTable) {
        let isTraced = reporter.samplesRequests
        let tracing: JSONValue = [
            "trace_level": .array([isTraced ? "TIMESTAMPS" : "OFF"]), "trace_count": "-1", "log_frequency": "0",
            "trace_file": "", "trace_mode": "opentelemetry",
        ]
        let logging: JSONValue = [
            "log_file": "", "log_info": true, "log_warning": true, "log_error": true, "log_verbose_level": 0,
            "log_format": "ISO8601",
        ]
        let settings: [(path: String, values: JSONValue, remedy: String)] = [
            ("/v2/trace/setting", tracing, "Tracing is set when the server is started; see docs/observability.md."),
            (
                "/v2/models/{name}/trace/setting", tracing,
                "Tracing is set when the server is started; see docs/observability.md."
            ),
            ("/v2/logging", logging, "Logging is set when the server is started; see docs/observability.md."),
        ]
        for setting in settings {
            routes.get(setting.path, permission: .read, errors: .inference) { _, _ in .json(setting.values) }
            routes.post(setting.path, permission: .operate, errors: .inference) { request, _ in
                let wanted = try await Self.fields(request).object
                let isSame = wanted.pairs.allSatisfy { setting.values[$0.key] == $0.value }
                guard isSame else { throw MartletError(.unimplemented, setting.remedy) }
                return .json(setting.values)
            }
        }
    }

    /// What other servers have and this one has not.
    private func registerAbsent(in routes: RouteTable) {
        for memory in ["systemsharedmemory", "cudasharedmemory"] {
            for method in [HTTPRequest.Method.get, .post] {
                routes.on("/v2/\(memory)/**", method: method, permission: .read, errors: .inference) { _, _ in
                    throw V2Request.noSharedMemory()
                }
            }
        }
        for path in ["/v2/models/{name}", "/v2/models/{name}/versions/{version}"] {
            for verb in ["generate", "generate_stream", "infer_stream"] {
                routes.post("\(path)/\(verb)", permission: .predict, errors: .inference) { _, _ in
                    throw MartletError(
                        .unimplemented,
                        "'\(verb)' is not implemented: models answer whole. Post to …/infer, or stream over gRPC."
                    )
                }
            }
        }
    }

    private static func name(_ context: AppRequestContext) throws -> String {
        let encoded = try context.parameters.require("name")
        guard let name = PercentEncoding.decode(encoded) else { throw DeploymentTable.unknown(encoded) }
        return name
    }

    /// The body as an object; nothing counts as an empty one.
    private static func fields(_ request: Request) async throws -> JSONFields {
        let buffer = try await request.readDecodedBody(limit: ServingLimits.commandBytes)
        guard buffer.readableBytes > 0 else { return JSONFields(JSONObject(), path: "") }
        return try JSONFields(try JSONValue.parse(buffer.readableBytesView))
    }
}
