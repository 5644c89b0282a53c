import Artifacts
import Core
import Registry
import Runtimes
import Serving

/// Deployments find their models in the registry, whose versions lie in the artifact store.
enum ModelWiring {
    static func source(registry: RegistryStore, artifacts: any ArtifactStore) -> ModelSource {
        ModelSource(
            resolve: { model, alias in
                do {
                    return try await registry.resolve(alias: alias, of: model)
                } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
                    // Neither model nor alias need exist when a deployment is declared.
                    return nil
                }
            },
            resolveAll: { names in try await registry.resolve(names.map { ($0.alias, $0.model) }) },
            models: { try await registry.newestVersions().map { ($0.name, $0.version) } },
            load: { model, version, _ in
                let record = try await registry.version(model, version)
                // A file that changed since it was registered is refused here, whoever wrote the model.
                try await registry.verifyFiles(of: model, version)
                let path = try await artifacts.localURL(record.artifactPath)
                return try await BlockingWork.run { try load(model, version, at: path) }
            },
            moveAlias: { model, alias, version in
                try await registry.setAlias(model: model, alias: alias, version: version)
            }
        )
    }

    private static func load(_ model: String, _ version: Int, at path: String) throws -> LoadedModel {
        let directory = try ModelDirectory.open(path)
        let runtime = try directory.loadRuntime()
        return try LoadedModel(
            model: model,
            version: version,
            runtime: runtime,
            signature: directory.signature ?? ModelSignature(inputs: [], outputs: []),
            classes: directory.classes,
            threshold: directory.threshold,
            reference: try directory.reference()
        )
    }
}
