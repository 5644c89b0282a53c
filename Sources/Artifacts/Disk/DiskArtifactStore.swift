import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Artifacts as files beneath one directory.
///
/// A write becomes visible whole or not at all: it goes to a temporary file, which is synchronised, renamed into place
/// and made durable with its directory before the write is acknowledged. Reads never leave the root and never follow a
/// symbolic link. Racing writes to one path leave one of them, whole.
package final class DiskArtifactStore: ArtifactStore {
    /// The directory as configured; given only to native libraries that open files themselves.
    private let hostRoot: String
    let root: OpenDirectory
    let incoming: OpenDirectory

    /// Opens the store, creating the directory if it is missing, and clears what interrupted writes left behind.
    ///
    /// - Throws: `failedPrecondition` if the directory cannot be created or opened.
    package init(root hostRoot: String) throws {
        do throws(SystemError) {
            try Self.createDirectory(hostRoot)
            root = try OpenDirectory(hostPath: hostRoot)
            incoming = try root.makeOwnDirectory(ArtifactPath.incomingName)
        } catch {
            throw MartletError(
                .failedPrecondition,
                "The artifact folder cannot be opened (system error \(error.number)): check that it is a directory "
                    + "that this user may write."
            )
        }
        self.hostRoot = hostRoot
        Self.removeAbandoned(in: incoming)
    }

    /// The entries of a directory, sorted by name; empty if it is missing or a file.
    ///
    /// Links are not shown.
    ///
    /// - Throws: `resourceExhausted` past `ArtifactsLimits.entries`, `invalidArgument` through a link.
    package func list(_ path: ArtifactPath) async throws -> [ArtifactEntry] {
        try await onDisk(path) { [root] () throws(SystemError) in
            do throws(SystemError) {
                return try Self.entries(of: path, in: root)
            } catch  where error.number == ENOENT || error.number == ENOTDIR {
                return []
            }
        }
    }

    /// Every file beneath a directory, in the order of their paths.
    ///
    /// Links are not shown.
    ///
    /// - Throws: `resourceExhausted` past `ArtifactsLimits.entries`.
    package func files(beneath path: ArtifactPath) async throws -> [ArtifactEntry] {
        var files: [ArtifactEntry] = []
        var pending = [path]
        while let directory = pending.popLast() {
            let entries = try await list(directory)
            pending.append(contentsOf: entries.filter(\.isDirectory).map(\.path))
            files.append(contentsOf: entries.filter { !$0.isDirectory })
            guard files.count + pending.count <= ArtifactsLimits.entries else { throw Self.tooMany(path) }
        }
        return files.sorted { $0.path.description < $1.path.description }
    }

    /// What lies at a path, or nil.
    package func entry(_ path: ArtifactPath) async throws -> ArtifactEntry? {
        if path.isRoot { return ArtifactEntry(path: path, isDirectory: true, size: nil) }
        return try await onDisk(path) { [root] () throws(SystemError) in
            do throws(SystemError) {
                let status = try root.directory(beneath: path.parent).status(of: path.name)
                return Self.entry(path, status)
            } catch  where error.number == ENOENT || error.number == ENOTDIR {
                return nil
            }
        }
    }

    /// Opens a file, or a part of it.
    ///
    /// - Throws: `notFound` if nothing is there, `invalidArgument` for a directory or a path through a link.
    package func read(_ path: ArtifactPath, range: ArtifactRange?) async throws -> ArtifactBody {
        try await onDisk(path) { [root] () throws(SystemError) in
            let file = try root.openFile(beneath: path)
            let status = try file.status()
            guard status.kind == .file else { throw SystemError(number: status.kind == .directory ? EISDIR : ELOOP) }
            return ArtifactBody(
                status: status.artifact,
                asked: range,
                source: .disk(DiskSource(file: file, path: path))
            )
        }
    }

    /// Stores a file from chunks as they arrive, replacing one that is there.
    ///
    /// - Parameters:
    ///   - path: where; missing directories are created.
    ///   - chunks: the bytes. If the sequence throws, nothing changes.
    ///   - expectedSHA256: 64 lower-case hexadecimal digits that the bytes must have, or nil.
    /// - Returns: size and SHA-256 of what is now durable.
    /// - Throws: `invalidArgument` for the root, a directory in the way or a wrong checksum; `storageFull` on a full
    ///   disk.
    @discardableResult
    package func write<Chunks: AsyncSequence>(
        _ path: ArtifactPath,
        chunks: Chunks,
        expectedSHA256: String?
    ) async throws -> ArtifactDigest where Chunks.Element == [UInt8] {
        let pending = try await begin(path)
        do {
            var digest = DigestAccumulator()
            var buffer: [UInt8] = []
            for try await chunk in chunks {
                digest.append(chunk)
                buffer.append(contentsOf: chunk)
                if buffer.count >= ArtifactsLimits.writeBufferBytes {
                    try await append(buffer, to: pending, path)
                    buffer.removeAll(keepingCapacity: true)
                }
            }
            if !buffer.isEmpty { try await append(buffer, to: pending, path) }
            let result = digest.finish()
            try result.check(against: expectedSHA256, path)
            try await finish(pending, path)
            return result
        } catch {
            await abandon(pending)
            throw error
        }
    }

    /// Deletes a file, or a directory with everything in it; nothing happens if nothing is there.
    ///
    /// - Throws: `invalidArgument` for the root or a path through a link.
    package func delete(_ path: ArtifactPath) async throws {
        guard !path.isRoot else {
            throw MartletError(.invalidArgument, "Invalid path '': the root of the artifacts cannot be deleted.")
        }
        try await onDisk(path) { [root] () throws(SystemError) in
            do throws(SystemError) {
                let parent = try root.directory(beneath: path.parent)
                try Self.remove(path.name, in: parent, depth: 0)
                try parent.file.synchronize()
            } catch  where error.number == ENOENT || error.number == ENOTDIR {
                // Somebody else was faster, or it never was: the outcome is the same.
            }
        }
    }

    /// The host's path of a file or directory, for a native library that opens it itself.
    ///
    /// - Throws: `notFound` if nothing is there, `invalidArgument` for a path through a link.
    package func localURL(_ path: ArtifactPath) async throws -> String {
        try await onDisk(path) { [root] () throws(SystemError) in _ = try root.openFile(beneath: path) }
        return path.isRoot ? hostRoot : hostRoot + "/" + path.description
    }
}
