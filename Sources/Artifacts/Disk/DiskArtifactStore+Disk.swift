import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What runs on the disk threads.
extension DiskArtifactStore {
    /// Runs `work` on a disk thread and explains its errors in terms of `path`.
    func onDisk<Value: Sendable>(
        _ path: ArtifactPath,
        _ work: @escaping @Sendable () throws(SystemError) -> Value
    ) async throws -> Value {
        do {
            return try await DiskQueue.run(work)
        } catch let error as SystemError {
            throw error.number == EOVERFLOW ? Self.tooMany(path) : error.explained(path)
        }
    }

    static func tooMany(_ path: ArtifactPath) -> MartletError {
        MartletError(
            .resourceExhausted,
            "Directory '\(path)' has more than \(ArtifactsLimits.entries) entries; list a deeper one."
        )
    }

    static func entries(
        of path: ArtifactPath,
        in root: OpenDirectory,
        limit: Int = ArtifactsLimits.entries
    ) throws(SystemError) -> [ArtifactEntry] {
        let directory = try root.directory(beneath: path)
        var entries: [ArtifactEntry] = []
        for name in try directory.names(limit: limit) {
            guard let child = path.child(name) else { continue }
            do throws(SystemError) {
                if let entry = Self.entry(child, try directory.status(of: name)) { entries.append(entry) }
            } catch  where error.number == ENOENT {
                // Deleted between the two calls.
                continue
            }
        }
        return entries.sorted { $0.path.name < $1.path.name }
    }

    /// The line for a file or directory; nil for links, pipes and devices, which we never serve.
    static func entry(_ path: ArtifactPath, _ status: FileStatus) -> ArtifactEntry? {
        switch status.kind {
        case .file: ArtifactEntry(path: path, isDirectory: false, size: status.size, modified: status.modified)
        case .directory: ArtifactEntry(path: path, isDirectory: true, size: nil)
        case .other: nil
        }
    }

    /// Removes `name` and, if it is a directory, everything beneath; links are removed, never followed.
    static func remove(_ name: String, in directory: OpenDirectory, depth: Int) throws(SystemError) {
        guard try directory.status(of: name).kind == .directory else {
            try directory.removeFile(name)
            return
        }
        // Deeper trees cannot come from us; refusing them bounds the recursion.
        guard depth <= ArtifactsLimits.components else { throw SystemError(number: ENAMETOOLONG) }
        let child = OpenDirectory(try directory.openFile(name))
        for entry in try child.names(limit: ArtifactsLimits.entries) {
            try remove(entry, in: child, depth: depth + 1)
        }
        try directory.removeDirectory(name)
    }

    /// Creates the store's own directory and its missing parents, by the host path that the operator gave.
    static func createDirectory(_ hostPath: String) throws(SystemError) {
        if mkdir(hostPath, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = hostPath.lastIndex(of: "/"), slash != hostPath.startIndex else {
            throw SystemError(number: errno)
        }
        try createDirectory(String(hostPath[..<slash]))
        guard mkdir(hostPath, 0o755) == 0 || errno == EEXIST else { throw SystemError(number: errno) }
    }
}
