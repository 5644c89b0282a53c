import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file that is being written and is not visible yet.
final class PendingFile: Sendable {
    let name: String
    let file: OpenFile
    let destination: OpenDirectory

    init(name: String, file: OpenFile, destination: OpenDirectory) {
        self.name = name
        self.file = file
        self.destination = destination
    }
}

/// The steps of a write: begin, append, then finish or abandon.
extension DiskArtifactStore {
    func begin(_ path: ArtifactPath) async throws -> PendingFile {
        guard !path.isRoot else { throw SystemError(number: EISDIR).explained(path) }
        return try await onDisk(path) { [root, incoming] () throws(SystemError) in
            let destination = try root.makeDirectory(beneath: path.parent)
            let name = Identifier.random()
            let file = try incoming.createFile(name)
            // The lock tells a store that opens the same directory that this file is still being written.
            guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else { throw SystemError(number: errno) }
            return PendingFile(name: name, file: file, destination: destination)
        }
    }

    func append(_ bytes: [UInt8], to pending: PendingFile, _ path: ArtifactPath) async throws {
        try await onDisk(path) { () throws(SystemError) in try pending.file.write(bytes) }
    }

    func finish(_ pending: PendingFile, _ path: ArtifactPath) async throws {
        try await onDisk(path) { [incoming] () throws(SystemError) in
            try pending.file.synchronize()
            try incoming.move(pending.name, to: pending.destination, as: path.name)
            try pending.destination.file.synchronize()
        }
    }

    func abandon(_ pending: PendingFile) async {
        _ = try? await DiskQueue.run { [incoming] in
            // If it was moved already there is nothing left to remove; if it cannot be removed, the next start does.
            try incoming.removeFile(pending.name)
        }
    }

    /// Removes what writers that were killed left behind: files that nobody holds locked.
    static func removeAbandoned(in incoming: OpenDirectory) {
        let names = (try? incoming.names(limit: ArtifactsLimits.entries)) ?? []
        for name in names {
            guard let file = try? incoming.openFile(name), flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
                continue
            }
            try? incoming.removeFile(name)
        }
    }
}
