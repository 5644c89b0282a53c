package import Artifacts
package import Core

/// One version of a registered model: where its files lie and where they came from.
///
/// The files never change; `RegistryStore.verifyFiles` notices if they do.
package struct ModelVersion: Sendable, Equatable {
    /// MLflow's stages, from before there were aliases.
    package enum Stage: String, Sendable, CaseIterable {
        case none = "None"
        case staging = "Staging"
        case production = "Production"
        case archived = "Archived"
    }

    /// The registered model.
    package let name: String
    /// 1, 2, 3, … in the order of registration; a number is never used again.
    package let version: Int
    /// When it was registered.
    package let creationTime: Timestamp
    /// When it was last changed.
    package let lastUpdateTime: Timestamp
    /// For people.
    package let description: String
    /// Its stage.
    package let stage: Stage
    /// What was registered, as the client said it: `runs:/…`, `models:/…` or an artifact URI.
    package let source: String
    /// Where its files lie.
    package let artifactURI: String
    /// Where clients are sent for its files: what was registered, or where that lies if only the server can tell.
    package let downloadURI: String
    /// The run that made it; may be empty.
    package let runID: String
    /// A link to the run in another system; may be empty.
    package let runLink: String
    /// Its tags, sorted by key.
    package let tags: [ModelTag]
    /// The aliases that point to it, sorted.
    package let aliases: [String]

    /// Where its files lie in the artifact store.
    ///
    /// - Throws: `failedPrecondition` if they are kept in an object store that clients reach themselves.
    package var artifactPath: ArtifactPath {
        get throws(MartletError) {
            guard let path = ArtifactURI.path(of: artifactURI) else {
                throw MartletError(
                    .failedPrecondition,
                    "Version \(version) of model '\(name)' lies at '\(artifactURI.prefix(200))', which this server "
                        + "does not serve; register it from a run's artifacts."
                )
            }
            return path
        }
    }

    /// The value of a tag.
    package func tag(_ key: String) -> String? {
        tags.first { $0.key == key }?.value
    }
}

/// A file of a version as it was when the version was registered.
package struct ModelFile: Sendable, Equatable {
    /// Its path beneath the version's folder.
    package let path: String
    /// Its size and SHA-256.
    package let digest: ArtifactDigest

    /// Makes a file's description.
    package init(path: String, digest: ArtifactDigest) {
        self.path = path
        self.digest = digest
    }
}
