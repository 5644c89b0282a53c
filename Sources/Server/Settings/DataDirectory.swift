package import Core
import Foundation

/// The directory that a server keeps its state in, locked while it runs so that a second server is refused.
package final class DataDirectory: Sendable {
    /// Where it is, as given.
    package let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Creates the directory when it is missing, and locks it.
    ///
    /// - Throws: `failedPrecondition` when another process holds it, `unavailable` when it cannot be written.
    package static func lock(path: String) throws(MartletError) -> DataDirectory {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw MartletError(
                .unavailable,
                "The data directory '\(path)' cannot be created; choose another with --data.",
                cause: error
            )
        }
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw MartletError(
                .unavailable,
                "The data directory '\(path)' cannot be written; choose another with --data."
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = holder(of: descriptor)
            close(descriptor)
            throw MartletError(
                .failedPrecondition,
                "The data directory '\(path)' is used by another martlet server\(holder); "
                    + "stop that one or choose another directory with --data."
            )
        }
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        return DataDirectory(path: path, descriptor: descriptor)
    }

    private static func holder(of descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return "" }
        let text = String(decoding: buffer.prefix(count), as: UTF8.self).filter(\.isNumber)
        return text.isEmpty ? "" : " (process \(text))"
    }

    /// A directory below, created when missing.
    package func subdirectory(_ name: String) throws(MartletError) -> String {
        let path = "\(path)/\(name)"
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw MartletError(.unavailable, "The data directory's '\(name)' cannot be created.", cause: error)
        }
        return path
    }

    /// Lets another server have the directory.
    package func unlock() {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
