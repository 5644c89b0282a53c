import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for registered models and aliases.
package struct ModelRoutes {
    private let store: RegistryStore

    /// Routes over a store.
    package init(store: RegistryStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReads(in: routes)
        registerWrites(in: routes)
        registerAliases(in: routes)
    }

    private func registerReads(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/registered-models/get", permission: .read) { call in
            ["registered_model": RegistryWire.model(try await store.model(RegistryWire.name(call.fields)))]
        }
        routes.mlflow(.get, "/mlflow/registered-models/search", permission: .read) { call in
            let result = try await store.searchModels(
                filter: call.fields.optionalString("filter"),
                order: call.fields.strings("order_by"),
                limit: RegistryWire.limit(call.fields, default: RegistryLimits.defaultModelResults),
                after: RegistryWire.pageToken(call.fields)
            )
            return JSONObject("registered_models", result.models.map(RegistryWire.model), nextToken: result.nextToken)
        }
        let latest: @Sendable (MLflowCall) async throws -> JSONObject = { call in
            let versions = try await store.latestVersions(
                of: RegistryWire.name(call.fields),
                stages: call.fields.strings("stages").map { try RegistryRules.stage($0) }
            )
            return JSONObject("model_versions", versions.map { RegistryWire.version($0) }, nextToken: nil)
        }
        routes.mlflow(.get, "/mlflow/registered-models/get-latest-versions", permission: .read, latest)
        routes.mlflow(.post, "/mlflow/registered-models/get-latest-versions", permission: .read, latest)
    }

    private func registerWrites(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/registered-models/create", permission: .write) { call in
            let model = try await store.createModel(
                name: RegistryWire.name(call.fields),
                description: call.fields.optionalString("description"),
                tags: RegistryWire.tags(call.fields)
            )
            return ["registered_model": RegistryWire.model(model)]
        }
        routes.mlflow(.post, "/mlflow/registered-models/rename", permission: .operate) { call in
            let model = try await store.renameModel(
                RegistryWire.name(call.fields),
                to: call.fields.string("new_name")
            )
            return ["registered_model": RegistryWire.model(model)]
        }
        routes.mlflow(.patch, "/mlflow/registered-models/update", permission: .write) { call in
            let model = try await store.describeModel(
                RegistryWire.name(call.fields),
                call.fields.optionalString("description")
            )
            return ["registered_model": RegistryWire.model(model)]
        }
        routes.mlflow(.delete, "/mlflow/registered-models/delete", permission: .operate) { call in
            try await store.deleteModel(RegistryWire.name(call.fields))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/registered-models/set-tag", permission: .write) { call in
            try await store.setModelTag(RegistryWire.name(call.fields), RegistryWire.tag(call.fields))
            return [:]
        }
        routes.mlflow(.delete, "/mlflow/registered-models/delete-tag", permission: .write) { call in
            try await store.deleteModelTag(RegistryWire.name(call.fields), key: call.fields.string("key"))
            return [:]
        }
    }

    private func registerAliases(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/registered-models/alias", permission: .read) { call in
            let name = try RegistryWire.name(call.fields)
            let version = try await store.resolve(alias: call.fields.string("alias"), of: name)
            return ["model_version": RegistryWire.version(try await store.version(name, version))]
        }
        // Moving an alias is what rolls a deployment out, so it takes an operator.
        routes.mlflow(.post, "/mlflow/registered-models/alias", permission: .operate) { call in
            try await store.setAlias(
                model: RegistryWire.name(call.fields),
                alias: call.fields.string("alias"),
                version: RegistryWire.version(call.fields)
            )
            return [:]
        }
        routes.mlflow(.delete, "/mlflow/registered-models/alias", permission: .operate) { call in
            try await store.deleteAlias(model: RegistryWire.name(call.fields), alias: call.fields.string("alias"))
            return [:]
        }
    }
}
