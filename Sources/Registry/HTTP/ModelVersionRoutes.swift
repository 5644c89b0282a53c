import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for versions of registered models.
package struct ModelVersionRoutes {
    private let store: RegistryStore

    /// Routes over a store.
    package init(store: RegistryStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReads(in: routes)
        registerWrites(in: routes)
    }

    private func registerReads(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/model-versions/get", permission: .read) { call in
            let version = try await store.version(RegistryWire.name(call.fields), RegistryWire.version(call.fields))
            return ["model_version": RegistryWire.version(version)]
        }
        routes.mlflow(.get, "/mlflow/model-versions/get-download-uri", permission: .read) { call in
            let version = try await store.version(RegistryWire.name(call.fields), RegistryWire.version(call.fields))
            return ["artifact_uri": .string(version.downloadURI)]
        }
        routes.mlflow(.get, "/mlflow/model-versions/search", permission: .read) { call in
            let result = try await store.searchVersions(
                filter: call.fields.optionalString("filter"),
                order: call.fields.strings("order_by"),
                limit: RegistryWire.limit(call.fields, default: RegistryLimits.versionResults),
                after: RegistryWire.pageToken(call.fields)
            )
            return JSONObject(
                "model_versions",
                result.versions.map { RegistryWire.version($0, withAliases: false) },
                nextToken: result.nextToken
            )
        }
    }

    private func registerWrites(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/model-versions/create", permission: .write) { call in
            let version = try await store.createVersion(
                model: RegistryWire.name(call.fields),
                source: call.fields.string("source"),
                runID: Self.text(call.fields, "run_id"),
                modelID: Self.text(call.fields, "model_id"),
                mustNameOwner: true,
                tags: RegistryWire.tags(call.fields),
                description: call.fields.optionalString("description") ?? "",
                runLink: call.fields.optionalString("run_link") ?? ""
            )
            return ["model_version": RegistryWire.version(version)]
        }
        routes.mlflow(.patch, "/mlflow/model-versions/update", permission: .write) { call in
            let version = try await store.describeVersion(
                RegistryWire.name(call.fields),
                RegistryWire.version(call.fields),
                call.fields.optionalString("description") ?? ""
            )
            return ["model_version": RegistryWire.version(version)]
        }
        routes.mlflow(.post, "/mlflow/model-versions/transition-stage", permission: .operate) { call in
            guard let archiving = try call.fields.optionalBool("archive_existing_versions") else {
                throw call.fields.missing("archive_existing_versions")
            }
            let version = try await store.transition(
                RegistryWire.name(call.fields),
                RegistryWire.version(call.fields),
                to: RegistryRules.stage(call.fields.string("stage")),
                archivingOthers: archiving
            )
            return ["model_version": RegistryWire.version(version)]
        }
        routes.mlflow(.delete, "/mlflow/model-versions/delete", permission: .operate) { call in
            try await store.deleteVersion(RegistryWire.name(call.fields), RegistryWire.version(call.fields))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/model-versions/set-tag", permission: .write) { call in
            try await store.setVersionTag(
                RegistryWire.name(call.fields),
                RegistryWire.version(call.fields),
                RegistryWire.tag(call.fields)
            )
            return [:]
        }
        routes.mlflow(.delete, "/mlflow/model-versions/delete-tag", permission: .write) { call in
            try await store.deleteVersionTag(
                RegistryWire.name(call.fields),
                RegistryWire.version(call.fields),
                key: call.fields.string("key")
            )
            return [:]
        }
    }

    /// A text, or nil if it is absent or empty.
    private static func text(_ fields: MLflowFields, _ name: String) throws(MartletError) -> String? {
        let text = try fields.optionalString(name)
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }
}
