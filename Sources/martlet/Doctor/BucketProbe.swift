import Core
package import Server

/// Stores, reads and deletes a small object, as the server would.
package enum BucketProbe {
    /// What the bucket of the settings answers; nil when artifacts lie in a folder.
    package static func check(settings: ServerSettings, environment: [String: String]) async -> DoctorCheck? {
        guard settings.artifactsPath.hasPrefix("s3://") else { return nil }
        let name = "artifact bucket"
        do {
            try await ArtifactWiring.probe(settings: settings, environment: environment)
            return DoctorCheck(name, .ok, "\(settings.artifactsPath) can be written, read and deleted from")
        } catch {
            let failure = MartletError.wrapping(error)
            return DoctorCheck(
                name,
                .missing,
                "\(settings.artifactsPath) cannot be used",
                remedy: failure.message
            )
        }
    }
}
