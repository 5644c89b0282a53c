package import Core

/// A file that was opened: what it is, and its chunks as they are read.
///
/// It stays what it was while the body lives, so a replacement or deletion in the meantime does not tear it.
package struct ArtifactBody: Sendable {
    /// What the file was when it was opened.
    package let status: ArtifactStatus
    /// The bytes that `chunks` carries; nil if the range asked for lies outside the file.
    package let range: Range<Int64>?
    /// Whether a range was asked for, even if it names the whole file.
    package let isPartial: Bool
    /// The chunks of the range, each at most `ArtifactsLimits.readChunkBytes` long or as they come from the network.
    package let chunks: ArtifactChunks

    init(status: ArtifactStatus, asked: ArtifactRange?, source: ArtifactSource) {
        self.status = status
        range = asked.map { $0.resolved(in: status.size) } ?? 0..<status.size
        isPartial = asked != nil
        chunks = ArtifactChunks(source: source, range: range ?? 0..<0)
    }

    /// Bytes of the whole file.
    package var size: Int64 { status.size }
}

/// What a store knows about a file.
package struct ArtifactStatus: Hashable, Sendable {
    /// Bytes.
    package let size: Int64
    /// When the file was stored.
    package let modified: Timestamp
    /// A text that changes with the file's content, without quotes.
    package let tag: String
}

/// Where the bytes of an open file come from.
enum ArtifactSource: Sendable {
    case disk(DiskSource)
    case s3(S3Download)
    case empty
}

/// An asynchronous sequence of the chunks of a file.
package struct ArtifactChunks: AsyncSequence, Sendable {
    /// One chunk.
    package typealias Element = [UInt8]

    let source: ArtifactSource
    let range: Range<Int64>

    /// Starts at the beginning of the range.
    package func makeAsyncIterator() -> Iterator {
        switch source {
        case .disk(let disk): Iterator(reader: .disk(disk, position: range.lowerBound, end: range.upperBound))
        case .s3(let download): Iterator(reader: .s3(S3Reader(download, range)))
        case .empty: Iterator(reader: .empty)
        }
    }

    /// Reads the chunks one after the other.
    package struct Iterator: AsyncIteratorProtocol {
        enum Reader {
            case disk(DiskSource, position: Int64, end: Int64)
            case s3(S3Reader)
            case empty
        }

        var reader: Reader

        /// The next chunk, or nil at the end.
        ///
        /// - Throws: `dataLoss` if the file became shorter than it was when opened, `unavailable` if a remote store
        ///   cannot be reached any more.
        @concurrent package mutating func next() async throws -> [UInt8]? {
            switch reader {
            case .disk(let disk, let position, let end):
                guard position < end else { return nil }
                let chunk = try await disk.read(at: position, before: end)
                reader = .disk(disk, position: position + Int64(chunk.count), end: end)
                return chunk
            case .s3(var s3):
                reader = .empty
                let chunk = try await s3.next()
                reader = .s3(s3)
                return chunk
            case .empty: return nil
            }
        }
    }
}
