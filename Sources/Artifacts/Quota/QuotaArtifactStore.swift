package import Core
import Synchronization

/// A store that holds at most so many bytes: the place of a workspace with a quota.
///
/// What is there is measured when it is first asked for and again from time to time, because other servers may write to
/// the same place; between, writes and deletions of this server are counted. Transfers past the server could not be
/// counted, so there are none while there is a quota.
package final class QuotaArtifactStore: ArtifactStore {
    /// Bytes at present, and when they were measured.
    private struct Usage {
        var bytes: Int64 = 0
        var measuredAt: Timestamp?
    }

    private let base: any ArtifactStore
    private let limit: @Sendable () -> Int64?
    private let clock: Clock
    private let usage = Mutex(Usage())

    /// Bounds `base`; `limit` is asked at each write, nil is no bound.
    package init(_ base: any ArtifactStore, clock: Clock, limit: @escaping @Sendable () -> Int64?) {
        self.base = base
        self.clock = clock
        self.limit = limit
    }

    package func list(_ path: ArtifactPath) async throws -> [ArtifactEntry] { try await base.list(path) }

    package func files(beneath path: ArtifactPath) async throws -> [ArtifactEntry] {
        try await base.files(beneath: path)
    }

    package func walk(_ path: ArtifactPath, visit: (ArtifactEntry) async throws -> Void) async throws {
        try await base.walk(path, visit: visit)
    }

    package func entry(_ path: ArtifactPath) async throws -> ArtifactEntry? { try await base.entry(path) }

    package func status(_ path: ArtifactPath) async throws -> ArtifactStatus { try await base.status(path) }

    package func read(_ path: ArtifactPath, range: ArtifactRange?) async throws -> ArtifactBody {
        try await base.read(path, range: range)
    }

    package func localURL(_ path: ArtifactPath) async throws -> String { try await base.localURL(path) }

    package var direct: (any DirectTransfers)? { limit() == nil ? base.direct : nil }

    /// Stores a file if there is room for it, counted as it arrives.
    ///
    /// - Throws: as the store beneath, and `storageFull` when the quota is used up.
    package func write<Chunks: AsyncSequence>(
        _ path: ArtifactPath,
        chunks: Chunks,
        expectedSHA256: String?
    ) async throws -> ArtifactDigest where Chunks.Element == [UInt8] {
        guard let limit = limit() else {
            return try await base.write(path, chunks: chunks, expectedSHA256: expectedSHA256)
        }
        let before = try await base.entry(path).flatMap { $0.isDirectory ? nil : $0.size } ?? 0
        let used = try await usedBytes()
        guard used - before < limit else { throw Self.full(used, limit) }
        let counted = BoundedChunks(base: chunks, limit: limit - (used - before)) { Self.full(used, limit) }
        let digest = try await base.write(path, chunks: counted, expectedSHA256: expectedSHA256)
        usage.withLock { $0.bytes &+= digest.size - before }
        return digest
    }

    /// Deletes and gives the room back.
    package func delete(_ path: ArtifactPath) async throws {
        try await base.delete(path)
        // What lay beneath is not known any more; the next write measures.
        usage.withLock { $0.measuredAt = nil }
    }

    /// Bytes of artifacts that are there.
    ///
    /// - Throws: what the store throws when it is measured.
    package func usedBytes() async throws -> Int64 {
        let now = clock.now
        let known = usage.withLock { usage -> Int64? in
            guard let at = usage.measuredAt, now - at < .seconds(ArtifactsLimits.usageSeconds) else { return nil }
            return usage.bytes
        }
        if let known { return known }
        var bytes: Int64 = 0
        try await base.walk(.root) { bytes &+= $0.size ?? 0 }
        usage.withLock { $0 = Usage(bytes: bytes, measuredAt: now) }
        return bytes
    }

    private static func full(_ used: Int64, _ limit: Int64) -> MartletError {
        MartletError(
            .storageFull,
            "The workspace's artifacts take \(used) of \(limit) bytes, and this one does not fit. Delete what is not needed "
                + "('martlet gc' removes what was deleted), or ask an administrator of the server for a larger quota."
        )
    }
}

/// Chunks up to a number of bytes; one byte more is an error.
private struct BoundedChunks<Base: AsyncSequence>: AsyncSequence where Base.Element == [UInt8] {
    typealias Element = [UInt8]

    let base: Base
    let limit: Int64
    let error: () -> MartletError

    func makeAsyncIterator() -> Iterator {
        Iterator(base: base.makeAsyncIterator(), left: limit, error: error)
    }

    struct Iterator: AsyncIteratorProtocol {
        var base: Base.AsyncIterator
        var left: Int64
        let error: () -> MartletError

        mutating func next() async throws -> [UInt8]? {
            try await next(isolation: #isolation)
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> [UInt8]? {
            guard let chunk = try await base.next(isolation: actor) else { return nil }
            left -= Int64(chunk.count)
            guard left >= 0 else { throw error() }
            return chunk
        }
    }
}
