#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the system says of a file: whether it is a plain one, who owns it and who may use it.
package struct FileStatus: Sendable, Equatable {
    /// Whether it is a plain file, and no directory, link or device.
    package let isPlain: Bool
    /// The permission bits.
    package let permissions: UInt32
    /// The number of the user who owns it.
    package let owner: UInt32

    /// Whether anybody but the owner may read, write or run it.
    package var isOpenToOthers: Bool { permissions & 0o077 != 0 }

    /// Reads the status of an open file; nil for a bad descriptor.
    package init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Reads the status of what lies at a path, links followed; nil when nothing does.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        isPlain = status.st_mode & S_IFMT == S_IFREG
        permissions = UInt32(status.st_mode) & 0o7777
        owner = UInt32(status.st_uid)
    }
}
