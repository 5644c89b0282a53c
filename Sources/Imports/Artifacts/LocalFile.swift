import Core
import Foundation

/// A regular file of this host, opened for reading without following a link in its last component.
final class LocalFile: Sendable {
    let size: Int64
    private let descriptor: Int32
    private let shown: String

    /// Opens a file; `shown` is what messages call it.
    ///
    /// - Throws: `notFound`, or `invalidArgument` for a link, a folder or a device.
    init(path: String, shown: String) throws(MartletError) {
        self.shown = shown
        descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw MartletError(.notFound, "'\(shown)' is missing.")
            case ELOOP: throw LocalFolder.link(shown)
            case EACCES, EPERM: throw MartletError(.permissionDenied, "'\(shown)' may not be read by this user.")
            default: throw MartletError(.unavailable, "'\(shown)' cannot be opened.")
            }
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            size = 0
            throw MartletError(.invalidArgument, "'\(shown)' is no regular file.")
        }
        size = Int64(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    /// At most `count` bytes from a place on; fewer at the end.
    func read(count: Int, at offset: Int64) throws(MartletError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    count - filled,
                    off_t(offset) + off_t(filled)
                )
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw MartletError(.dataLoss, "'\(shown)' cannot be read.") }
            if got == 0 { break }
            filled += got
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// All bytes of a file that has at most `limit`.
    ///
    /// - Throws: as `init`, and `payloadTooLarge`.
    static func bytes(of path: String, shown: String, limit: Int) throws(MartletError) -> [UInt8] {
        let file = try LocalFile(path: path, shown: shown)
        guard file.size <= Int64(limit) else {
            throw MartletError(.payloadTooLarge, "'\(shown)' has \(file.size) bytes; at most \(limit) are read.")
        }
        return try file.read(count: Int(file.size), at: 0)
    }

    /// The bytes in chunks.
    var chunks: Chunks { Chunks(file: self) }

    /// The chunks of a file, read off the threads that run tasks.
    struct Chunks: AsyncSequence, Sendable {
        typealias Element = [UInt8]
        let file: LocalFile

        func makeAsyncIterator() -> Iterator { Iterator(file: file) }

        struct Iterator: AsyncIteratorProtocol {
            let file: LocalFile
            var position: Int64 = 0

            mutating func next() async throws -> [UInt8]? {
                guard position < file.size else { return nil }
                let (file, offset) = (file, position)
                let count = Int(Swift.min(file.size - offset, Int64(ImportsLimits.readBytes)))
                let chunk = try await BlockingWork.run { try file.read(count: count, at: offset) }
                guard chunk.count == count else {
                    throw MartletError(.dataLoss, "'\(file.shown)' became shorter while it was read.")
                }
                position += Int64(count)
                return chunk
            }
        }
    }
}
