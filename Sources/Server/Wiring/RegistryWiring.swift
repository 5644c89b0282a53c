import Artifacts
import Core
import Registry
import Tracking

/// The registry asks tracking where runs and logged models keep their files.
enum RegistryWiring {
    static func sources(tracking: TrackingStore) -> ModelSources {
        ModelSources(
            runArtifactURI: { run in ArtifactURI.uri(of: try await tracking.artifactRoot(runID: run)) },
            loggedModel: { id in
                let model = try await tracking.loggedModel(id)
                return ModelSources.LoggedModel(artifactURI: model.artifactURI, runID: model.sourceRunID)
            },
            registered: { id, name, version in
                try await tracking.recordRegistration(of: id, as: name, version: version)
            }
        )
    }

    /// Where the files of a version lie, for downloads by model and version.
    static func versionRoot(_ registry: RegistryStore) -> ArtifactRoutes.VersionRoot {
        { model, text in
            guard let version = Int(text), version > 0 else {
                throw MartletError(
                    .invalidArgument,
                    "Parameter 'version' must be an integer, got '\(text.prefix(40))'."
                )
            }
            return try await registry.version(model, version).artifactPath
        }
    }
}
