import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension DiskArtifactStore {
    /// Hands every file beneath a directory to `visit`, however many there are.
    ///
    /// - Throws: as the protocol says.
    package func walk(_ path: ArtifactPath, visit: (ArtifactEntry) async throws -> Void) async throws {
        var pending = [path]
        while let directory = pending.popLast() {
            let entries = try await onDisk(directory) { [root] () throws(SystemError) in
                do throws(SystemError) {
                    return try Self.entries(of: directory, in: root, limit: .max)
                } catch  where error.number == ENOENT || error.number == ENOTDIR {
                    return []
                }
            }
            pending.append(contentsOf: entries.reversed().filter(\.isDirectory).map(\.path))
            for entry in entries where !entry.isDirectory { try await visit(entry) }
        }
    }
}
