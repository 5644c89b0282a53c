package import Core

/// The bytes of one stored file: its size, and its chunks as they are read.
///
/// The file stays open while the body lives, so a replacement or deletion in the meantime does not tear it.
package struct ArtifactBody: Sendable {
    /// Bytes of the whole file.
    package let size: Int64
    /// When the file was stored.
    package let modified: Timestamp
    private let file: OpenFile
    private let path: ArtifactPath

    init(file: OpenFile, status: FileStatus, path: ArtifactPath) {
        self.file = file
        self.path = path
        size = status.size
        modified = status.modified
    }

    /// The chunks of the whole file.
    package var chunks: ArtifactChunks { chunks(in: 0..<size) }

    /// The chunks of a range of bytes, cut to the file's size.
    package func chunks(in range: Range<Int64>) -> ArtifactChunks {
        ArtifactChunks(file: file, path: path, range: range.clamped(to: 0..<size))
    }
}

/// An asynchronous sequence of the chunks of a file, each at most `ArtifactsLimits.readChunkBytes` long.
package struct ArtifactChunks: AsyncSequence, Sendable {
    /// One chunk.
    package typealias Element = [UInt8]

    let file: OpenFile
    let path: ArtifactPath
    let range: Range<Int64>

    /// Starts at the beginning of the range.
    package func makeAsyncIterator() -> Iterator {
        Iterator(file: file, path: path, position: range.lowerBound, end: range.upperBound)
    }

    /// Reads the chunks one after the other, off the threads that run tasks.
    package struct Iterator: AsyncIteratorProtocol {
        let file: OpenFile
        let path: ArtifactPath
        var position: Int64
        let end: Int64

        /// The next chunk, or nil at the end.
        ///
        /// - Throws: `dataLoss` if the file became shorter than it was when opened.
        package mutating func next() async throws -> [UInt8]? {
            guard position < end else { return nil }
            let (file, path, offset) = (file, path, position)
            let count = Int(Swift.min(end - position, Int64(ArtifactsLimits.readChunkBytes)))
            let chunk = try await DiskQueue.run {
                do throws(SystemError) {
                    return try file.read(count: count, at: offset)
                } catch {
                    throw error.explained(path)
                }
            }
            guard chunk.count == count else {
                throw MartletError(.dataLoss, "Artifact '\(path)' became shorter while it was read.")
            }
            position += Int64(chunk.count)
            return chunk
        }
    }
}
