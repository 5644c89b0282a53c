import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for scorers.
package struct ScorerRoutes {
    private let store: EvaluationStore

    /// Routes over a store.
    package init(store: EvaluationStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReads(in: routes)
        registerWrites(in: routes)
        registerOnline(in: routes)
    }

    private func registerReads(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/scorers/list", version: "3.0", permission: .read) { call in
            let single = try call.fields.optionalString("experiment_id").flatMap { $0.isEmpty ? nil : $0 }
            let several = try call.fields.has("experiment_ids") ? call.fields.strings("experiment_ids") : nil
            guard single == nil || several == nil else {
                throw MartletError(
                    .invalidArgument,
                    "Cannot specify both 'experiment_id' and 'experiment_ids'. Use 'experiment_ids' to scope the query to "
                        + "multiple experiments, or 'experiment_id' to scope it to a single experiment."
                )
            }
            if let single { return Self.list(try await store.scorers(of: single)) }
            return Self.list(try await store.scorers(ofActive: several))
        }
        routes.mlflow(.get, "/mlflow/scorers/versions", version: "3.0", permission: .read) { call in
            let experiment = try call.fields.string("experiment_id")
            return Self.list(
                try await store.scorerVersions(experiment: experiment, name: call.fields.string("name"))
            )
        }
        routes.mlflow(.get, "/mlflow/scorers/get", version: "3.0", permission: .read) { call in
            let experiment = try call.fields.string("experiment_id")
            let scorer = try await store.scorer(
                experiment: experiment,
                name: call.fields.string("name"),
                version: call.fields.optionalInt64("version")
            )
            return ["scorer": Self.scorer(scorer)]
        }
    }

    private func registerWrites(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/scorers/register", version: "3.0", permission: .write) { call in
            let (experiment, name) = (try call.fields.string("experiment_id"), try call.fields.string("name"))
            let scorer = try await store.registerScorer(
                experiment: experiment,
                name: name,
                serialized: call.fields.string("serialized_scorer")
            )
            return [
                "version": .int(scorer.version), "scorer_id": .string(scorer.id),
                "experiment_id": .string(scorer.experiment), "name": .string(scorer.name),
                "serialized_scorer": .string(scorer.serialized),
                "creation_time": .integer(scorer.creationTime.milliseconds),
            ]
        }
        routes.mlflow(.delete, "/mlflow/scorers/delete", version: "3.0", permission: .write) { call in
            let experiment = try call.fields.string("experiment_id")
            try await store.deleteScorer(
                experiment: experiment,
                name: call.fields.string("name"),
                version: call.fields.optionalInt64("version")
            )
            return [:]
        }
    }

    private func registerOnline(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/scorers/online-configs", version: "3.0", permission: .read) { call in
            let ids = try call.fields.strings("scorer_ids")
            guard !ids.isEmpty else { throw call.fields.missing("scorer_ids") }
            return ["configs": .array(try await store.onlineScoring(of: ids).map(Self.config))]
        }
        routes.mlflow(.put, "/mlflow/scorers/online-config", version: "3.0", permission: .write) { call in
            let (experiment, name) = (try call.fields.string("experiment_id"), try call.fields.string("name"))
            let config = try await store.setOnlineScoring(
                experiment: experiment,
                name: name,
                sampleRate: call.fields.double("sample_rate"),
                filter: call.fields.optionalString("filter_string")
            )
            return ["config": Self.config(config)]
        }
    }

    private static func list(_ scorers: [Scorer]) -> JSONObject {
        scorers.isEmpty ? [:] : ["scorers": .array(scorers.map(scorer))]
    }

    private static func scorer(_ scorer: Scorer) -> JSONValue {
        var object = JSONObject()
        // The field is a 32-bit number in MLflow's message, although ids are text everywhere else.
        if let experiment = Int32(scorer.experiment) { object["experiment_id"] = .int(experiment) }
        object["scorer_name"] = .string(scorer.name)
        object["scorer_version"] = .int(scorer.version)
        object["serialized_scorer"] = .string(scorer.serialized)
        object["creation_time"] = .integer(scorer.creationTime.milliseconds)
        object["scorer_id"] = .string(scorer.id)
        return .object(object)
    }

    private static func config(_ config: OnlineScoring) -> JSONValue {
        var object: JSONObject = [
            "online_scoring_config_id": .string(config.id), "scorer_id": .string(config.scorer),
            "sample_rate": .number(config.sampleRate), "experiment_id": .string(config.experiment),
        ]
        if let filter = config.filter { object["filter_string"] = .string(filter) }
        return .object(object)
    }
}
