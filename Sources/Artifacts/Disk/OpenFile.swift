import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file descriptor that is closed when nobody holds it any more.
final class OpenFile: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Writes all bytes at the file's position.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let from = written
            let count = bytes.withUnsafeBytes { buffer in
                systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: buffer[from...]))
            }
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw SystemError(number: errno)
            }
            written += count
        }
    }

    /// Reads at most `count` bytes from `offset`; fewer only at the end of the file.
    func read(count: Int, at offset: Int64) throws(SystemError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[initialized...]))
                let got = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(initialized))
                if got == 0 { break }
                guard got > 0 else {
                    if errno == EINTR { continue }
                    failure = errno
                    break
                }
                initialized += got
            }
        }
        if failure != 0 { throw SystemError(number: failure) }
        return bytes
    }

    /// Waits until everything written is on the disk.
    func synchronize() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw SystemError(number: errno) }
    }

    /// What the system knows about the file.
    func status() throws(SystemError) -> FileStatus {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw SystemError(number: errno) }
        return FileStatus(information)
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

/// The part of `stat` that matters here.
struct FileStatus: Sendable {
    enum Kind: Sendable { case file, directory, other }

    let kind: Kind
    let size: Int64
    let modified: Timestamp
    /// Changes whenever the file is replaced, because every write makes a new file.
    let tag: String

    init(_ information: stat) {
        switch information.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        default: kind = .other
        }
        size = Int64(information.st_size)
        #if canImport(Darwin)
        let time = information.st_mtimespec
        #else
        let time = information.st_mtim
        #endif
        modified = Timestamp(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
        tag =
            "\(String(information.st_ino, radix: 16))-\(String(size, radix: 16))"
            + "-\(String(Int64(time.tv_sec), radix: 16)).\(String(Int64(time.tv_nsec), radix: 16))"
    }

    /// What the store tells about the file.
    var artifact: ArtifactStatus { ArtifactStatus(size: size, modified: modified, tag: tag) }
}
