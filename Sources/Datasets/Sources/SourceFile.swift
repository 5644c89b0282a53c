import Core
// The compiler may find `stat` in its C module first.
import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// An open data file below the manifest's directory; read at any offset, closed with the last reference.
final class SourceFile: Sendable {
    private let descriptor: Int32
    /// The name that messages use: the path relative to the manifest's directory.
    let name: String

    /// Opens `file` below `directory`, following no link out of it.
    ///
    /// - Throws: `notFound`, or `permissionDenied` when the path leads outside or is no regular file.
    convenience init(file: String, below directory: String) throws(MartletError) {
        let path = try Self.path(of: file, below: directory)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw MartletError(
                .permissionDenied,
                "The data file '\(file)' cannot be opened; let the server's user read it."
            )
        }
        guard FileStatus(descriptor: descriptor)?.isPlain == true else {
            close(descriptor)
            throw MartletError(.permissionDenied, "The data file '\(file)' is no regular file.")
        }
        self.init(descriptor: descriptor, name: file)
    }

    private init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// An empty file without a name in the file system, which is gone with the last reference.
    static func temporary(name: String) throws(MartletError) -> SourceFile {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let path = "\(directory)/martlet-data-\(Identifier.random())"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0 { unlink(path) }
        guard descriptor >= 0 else {
            throw MartletError(
                .storageFull,
                "There is no room for a copy of '\(name)' in the temporary directory."
            )
        }
        return SourceFile(descriptor: descriptor, name: name)
    }

    /// Adds bytes to the end.
    func append(_ bytes: [UInt8]) throws(MartletError) {
        var written = 0
        while written < bytes.count {
            let start = written
            let count = bytes.withUnsafeBytes { buffer in
                write(descriptor, buffer.baseAddress.map { $0 + start }, bytes.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw MartletError(
                    .storageFull,
                    "There is no room for a copy of '\(name)' in the temporary directory."
                )
            }
            written += count
        }
    }

    /// The host's path of a file below a directory, following no link out of it.
    ///
    /// - Throws: `notFound`, or `permissionDenied` when the path leads outside.
    static func path(of file: String, below directory: String) throws(MartletError) -> String {
        guard let root = Self.resolved(directory) else {
            throw MartletError(
                .notFound,
                "The manifest's directory does not exist any more; apply the manifest again."
            )
        }
        guard let path = Self.resolved(directory + "/" + file) else {
            throw MartletError(
                .notFound,
                "The data file '\(file)' does not exist beside the manifest; add it or correct 'source.file'."
            )
        }
        guard path.hasPrefix(root == "/" ? "/" : root + "/") else {
            throw MartletError(
                .permissionDenied,
                "The data file '\(file)' leads outside the manifest's directory; move it below that directory."
            )
        }
        return path
    }

    deinit {
        close(descriptor)
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    func read(from offset: Int64, count: Int) throws(MartletError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let start = filled
            let received = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor,
                    buffer.baseAddress.map { $0 + start },
                    count - start,
                    off_t(offset) + off_t(start)
                )
            }
            if received < 0, errno == EINTR { continue }
            guard received >= 0 else {
                throw MartletError(
                    .unavailable,
                    "The data file '\(name)' could not be read (error \(errno))."
                )
            }
            if received == 0 { break }
            filled += received
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// How many bytes the file has now.
    func size() throws(MartletError) -> Int64 {
        // Reading goes by offsets, so that the descriptor's own place does not matter; adding goes on at the end.
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else {
            throw MartletError(.unavailable, "The data file '\(name)' could not be read (error \(errno)).")
        }
        return Int64(end)
    }

    private static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}
