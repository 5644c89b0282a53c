package import Artifacts
import CHost
package import Core
import Foundation

/// The artifact store that the settings name: a directory of this host, or a bucket.
package enum ArtifactWiring {
    /// Opens the store; a bucket is asked nothing before the first use.
    ///
    /// - Throws: `failedPrecondition` for a directory that cannot be used, `invalidArgument` for a setting.
    package static func store(
        settings: ServerSettings,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        clock: Clock = .system
    ) throws -> any ArtifactStore {
        // By itself the C library learns from the first large buffer to keep the next ones, in one place per thread: a
        // server that passes on large artifacts would hold three times the memory that it uses.
        martlet_give_blocks_back(ServerLimits.keptBlockBytes)
        guard settings.artifactsPath.hasPrefix(S3Settings.locationScheme) else {
            return try DiskArtifactStore(root: settings.artifactsPath)
        }
        return try bucket(settings: settings, environment: environment, clock: clock)
    }

    /// Stores, reads and deletes a small object in the bucket that the settings name.
    ///
    /// - Throws: `failedPrecondition` or `unavailable` saying what is wrong and what helps.
    package static func probe(settings: ServerSettings, environment: [String: String]) async throws {
        try await bucket(settings: settings, environment: environment, clock: .system).probe()
    }

    private static func bucket(
        settings: ServerSettings,
        environment: [String: String],
        clock: Clock
    ) throws -> S3ArtifactStore {
        let chain = S3CredentialChain(environment: environment, home: environment["HOME"] ?? "")
        return S3ArtifactStore(
            settings: try S3Settings.resolve(
                location: settings.artifactsPath,
                environment: environment,
                profileRegion: chain.profileRegion
            ),
            credentials: chain.source,
            cache: try ArtifactCache(directory: "\(settings.data)/cache", clock: clock),
            clock: clock
        )
    }
}
