import Artifacts
import Core
import Logging
import Registry
import Runtimes
import Serving

/// Deployments find their models in the registry, whose versions lie in the artifact store.
enum ModelWiring {
    static func source(
        registry: RegistryStore,
        artifacts: any ArtifactStore,
        logger: Logger = Logger(label: "martlet.models")
    ) -> ModelSource {
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
            load: { model, version, settings in
                let record = try await registry.version(model, version)
                let manifest = try await registry.admit(model, version)
                let path = try await artifacts.localURL(record.artifactPath)
                // A file that changed since it was registered is refused here, whoever wrote the model.
                try await check(manifest, at: path)
                return try await load(model, version, at: path, settings, logger: logger)
            },
            moveAlias: { model, alias, version in
                try await registry.setAlias(model: model, alias: alias, version: version)
            }
        )
    }

    /// Compares what will be loaded with what was registered.
    private static func check(_ manifest: ModelManifest, at path: String) async throws {
        let sums = Dictionary(manifest.files.map { ($0.path, $0.digest.sha256) }) { first, _ in first }
        guard let finding = try await BlockingWork.run({ try ModelContent.check(path, against: sums) }) else { return }
        let difference: ModelFile.Difference =
            switch finding.difference {
            case .missing: .missing
            case .changed: .changed
            case .added: .added
            }
        throw ModelFile.fault(finding.path, difference, of: manifest.model, manifest.version)
    }

    /// Loads the model in a folder or file; `checksum` is what a single file must have.
    static func load(
        _ model: String,
        _ version: Int,
        at path: String,
        checksum: String? = nil,
        _ settings: RuntimeSettings,
        logger: Logger
    ) async throws -> LoadedModel {
        let directory = try await BlockingWork.run { try ModelDirectory.open(path, checksum: checksum) }
        let reference = try await BlockingWork.run { try directory.reference() }
        let runtime = try await directory.load(settings, logger: logger)
        do {
            return try LoadedModel(
                model: model,
                version: version,
                runtime: runtime,
                signature: directory.signature(of: runtime),
                classes: directory.classes(of: runtime),
                threshold: directory.threshold,
                reference: reference
            )
        } catch {
            await runtime.close()
            throw error
        }
    }
}
