package import Core

/// Artifacts as objects of a bucket, one object a file; a directory is what several keys begin with.
///
/// A write becomes visible when its last request is answered. Names that the bucket holds and that no path of ours can
/// have are not shown.
package final class S3ArtifactStore: ArtifactStore {
    let client: S3Client
    let cache: ArtifactCache
    let gate: S3PartGate
    let known = S3KnownDirectories()

    /// A store over a bucket; nothing is asked of it before the first call.
    ///
    /// `credentials` sign; `cache` is where `localURL` keeps what it brings to this host.
    package init(
        settings: S3Settings,
        credentials: S3CredentialSource,
        cache: ArtifactCache,
        clock: Clock = .system
    ) {
        client = S3Client(settings: settings, credentials: credentials, clock: clock)
        self.cache = cache
        gate = S3PartGate(permits: S3Limits.allPartsInFlight)
    }

    /// The key of a path.
    ///
    /// - Throws: `invalidArgument` if it is longer than keys may be.
    func key(_ path: ArtifactPath) throws(MartletError) -> String {
        let prefix = client.settings.prefix
        let key = path.isRoot ? prefix : prefix.isEmpty ? path.description : "\(prefix)/\(path)"
        guard key.utf8.count <= S3Limits.keyBytes else {
            throw MartletError(
                .invalidArgument,
                "Invalid path: with the bucket's prefix it is longer than \(S3Limits.keyBytes) bytes."
            )
        }
        return key
    }

    /// What the keys beneath a directory begin with.
    func prefix(_ path: ArtifactPath) throws(MartletError) -> String {
        let key = try key(path)
        return key.isEmpty ? "" : key + "/"
    }

    /// Brings a file or directory into the cache and answers its host path there.
    package func localURL(_ path: ArtifactPath) async throws -> String {
        try await cache.localURL(path, from: self)
    }

    /// Writes, reads and deletes a small object, as `martlet doctor` and a careful start do.
    ///
    /// - Throws: `failedPrecondition` or `unavailable` saying what is wrong with bucket, credentials or network.
    package func probe() async throws {
        let path = try ArtifactPath.probe(named: Identifier.random())
        let bytes = Array("martlet".utf8)
        _ = try await list(path)
        try await write(path, bytes: bytes)
        let stored = try await readAll(path, limit: bytes.count)
        try await delete(path)
        guard stored == bytes else {
            throw MartletError(.dataLoss, "The bucket answered other bytes than were stored in it.")
        }
    }
}
