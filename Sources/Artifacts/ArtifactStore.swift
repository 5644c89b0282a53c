import Core

/// Where the files of runs, models and versions lie: a directory of this host or a bucket, behind one contract.
///
/// A write becomes visible whole or not at all and is durable when it returns. A body that was opened is read to its end
/// as it was, or fails: it never mixes two versions of a file. Racing writes to one path leave one of them, whole.
package protocol ArtifactStore: Sendable {
    /// The entries of a directory, sorted by name; empty if it is missing or a file.
    ///
    /// - Throws: `resourceExhausted` past `ArtifactsLimits.entries`, `invalidArgument` for a path that the store
    ///   refuses to follow.
    func list(_ path: ArtifactPath) async throws -> [ArtifactEntry]

    /// Every file beneath a directory, in the order of their paths.
    ///
    /// - Throws: `resourceExhausted` past `ArtifactsLimits.entries`.
    func files(beneath path: ArtifactPath) async throws -> [ArtifactEntry]

    /// Hands every file beneath a directory to `visit`, in no particular order and however many there are.
    ///
    /// Files that come or go meanwhile may be among them or not.
    func walk(_ path: ArtifactPath, visit: (ArtifactEntry) async throws -> Void) async throws

    /// What lies at a path, or nil.
    func entry(_ path: ArtifactPath) async throws -> ArtifactEntry?

    /// What the file at a path is.
    ///
    /// - Throws: `notFound` if nothing is there, `invalidArgument` for a directory.
    func status(_ path: ArtifactPath) async throws -> ArtifactStatus

    /// Opens a file, or the part of it that `range` asks for; nil asks for all of it.
    ///
    /// - Throws: `notFound` if nothing is there, `invalidArgument` for a directory.
    func read(_ path: ArtifactPath, range: ArtifactRange?) async throws -> ArtifactBody

    /// Stores a file from chunks as they arrive, replacing one that is there.
    ///
    /// - Parameters:
    ///   - path: where; missing directories are created.
    ///   - chunks: the bytes. If the sequence throws, nothing changes.
    ///   - expectedSHA256: 64 lower-case hexadecimal digits that the bytes must have, or nil.
    /// - Returns: size and SHA-256 of what is now durable.
    /// - Throws: `invalidArgument` for the root, a directory in the way or a wrong checksum; `storageFull` when there
    ///   is no room.
    @discardableResult
    func write<Chunks: AsyncSequence>(
        _ path: ArtifactPath,
        chunks: Chunks,
        expectedSHA256: String?
    ) async throws -> ArtifactDigest where Chunks.Element == [UInt8]

    /// Deletes a file, or a directory with everything in it; nothing happens if nothing is there.
    ///
    /// - Throws: `invalidArgument` for the root.
    func delete(_ path: ArtifactPath) async throws

    /// The host's path of a file or directory, for a native library that opens it itself.
    ///
    /// A remote store brings it to this host first. The files are to be read only, and soon: they may be replaced or
    /// removed later.
    ///
    /// - Throws: `notFound` if nothing is there, `payloadTooLarge` if it does not fit into the cache.
    func localURL(_ path: ArtifactPath) async throws -> String

    /// Transfers that bypass the server, or nil if the store has none.
    var direct: (any DirectTransfers)? { get }
}

extension ArtifactStore {
    /// None: only object stores have them.
    package var direct: (any DirectTransfers)? { nil }

    /// Directory by directory, for stores that know no better way.
    package func walk(_ path: ArtifactPath, visit: (ArtifactEntry) async throws -> Void) async throws {
        var pending = [path]
        while let directory = pending.popLast() {
            for entry in try await list(directory) {
                if entry.isDirectory { pending.append(entry.path) } else { try await visit(entry) }
            }
        }
    }

    /// Opens a whole file.
    ///
    /// - Throws: as `read(_:range:)`.
    package func read(_ path: ArtifactPath) async throws -> ArtifactBody {
        try await read(path, range: nil)
    }

    /// Reads a whole file that is at most `limit` bytes long.
    ///
    /// - Throws: as `read`, and `payloadTooLarge` for a longer file.
    package func readAll(_ path: ArtifactPath, limit: Int) async throws -> [UInt8] {
        let body = try await read(path)
        guard body.size <= Int64(limit) else {
            throw MartletError(
                .payloadTooLarge,
                "Artifact '\(path)' has \(body.size) bytes; at most \(limit) are read at once."
            )
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(body.size))
        for try await chunk in body.chunks { bytes.append(contentsOf: chunk) }
        return bytes
    }

    /// Stores a file from chunks as they arrive, whatever their checksum.
    ///
    /// - Throws: as `write(_:chunks:expectedSHA256:)`.
    @discardableResult
    package func write<Chunks: AsyncSequence>(
        _ path: ArtifactPath,
        chunks: Chunks
    ) async throws -> ArtifactDigest where Chunks.Element == [UInt8] {
        try await write(path, chunks: chunks, expectedSHA256: nil)
    }

    /// Stores a file from bytes in memory, replacing one that is there.
    ///
    /// - Throws: as `write(_:chunks:expectedSHA256:)`.
    @discardableResult
    package func write(_ path: ArtifactPath, bytes: [UInt8]) async throws -> ArtifactDigest {
        try await write(path, chunks: OneChunk(bytes: bytes), expectedSHA256: nil)
    }

    /// The SHA-256 and size of a stored file, computed from its bytes as they are now.
    ///
    /// - Throws: as `read`.
    package func digest(_ path: ArtifactPath) async throws -> ArtifactDigest {
        var accumulator = DigestAccumulator()
        for try await chunk in try await read(path).chunks { accumulator.append(chunk) }
        return accumulator.finish()
    }
}

/// Bytes in memory as a sequence of one chunk.
struct OneChunk: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    let bytes: [UInt8]

    func makeAsyncIterator() -> Iterator {
        Iterator(bytes: bytes)
    }

    struct Iterator: AsyncIteratorProtocol {
        var bytes: [UInt8]?

        mutating func next() async -> [UInt8]? {
            defer { bytes = nil }
            return bytes
        }
    }
}
