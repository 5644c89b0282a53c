import Core

extension DiskArtifactStore {
    /// What the file at a path is.
    ///
    /// - Throws: as `read(_:range:)`.
    package func status(_ path: ArtifactPath) async throws -> ArtifactStatus {
        try await read(path).status
    }
}

/// An open file of the disk, read off the threads that run tasks.
struct DiskSource: Sendable {
    let file: OpenFile
    let path: ArtifactPath

    /// Reads the next chunk.
    ///
    /// - Throws: `dataLoss` if the file ends before `end`.
    func read(at offset: Int64, before end: Int64) async throws -> [UInt8] {
        let count = Int(Swift.min(end - offset, Int64(ArtifactsLimits.readChunkBytes)))
        let chunk = try await DiskQueue.run { [file, path] in
            do throws(SystemError) {
                return try file.read(count: count, at: offset)
            } catch {
                throw error.explained(path)
            }
        }
        guard chunk.count == count else {
            throw MartletError(.dataLoss, "Artifact '\(path)' became shorter while it was read.")
        }
        return chunk
    }
}
