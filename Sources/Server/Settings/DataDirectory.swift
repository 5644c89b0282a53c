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

    /// Makes this the directory of a demo: what an earlier demo left is removed, what anyone else left is not touched.
    ///
    /// - Throws: `failedPrecondition` when a server has worked here that was not a demo.
    package func beginDemo() throws(MartletError) {
        let manager = FileManager.default
        do {
            let names = try manager.contentsOfDirectory(atPath: path).filter { $0 != "lock" }
            guard names.isEmpty || names.contains(Self.demoMark) else {
                throw MartletError(
                    .failedPrecondition,
                    "The data directory '\(path)' holds the data of a server; give the demo another one with --data."
                )
            }
            for name in names { try manager.removeItem(atPath: "\(path)/\(name)") }
            try Data("This directory is emptied when 'martlet demo' starts.\n".utf8)
                .write(to: URL(fileURLWithPath: "\(path)/\(Self.demoMark)"))
        } catch let error as MartletError {
            throw error
        } catch {
            throw MartletError(.unavailable, "The data directory '\(path)' cannot be emptied.", cause: error)
        }
    }

    /// From now on the directory is not a demo's, so that a later demo keeps its hands off.
    package func endDemo() throws(MartletError) {
        let mark = "\(path)/\(Self.demoMark)"
        guard FileManager.default.fileExists(atPath: mark) else { return }
        do {
            try FileManager.default.removeItem(atPath: mark)
        } catch {
            throw MartletError(.unavailable, "The data directory '\(path)' cannot be written.", cause: error)
        }
    }

    private static let demoMark = "demo"

    /// A directory that is made when it is missing, with those above it, for this user alone.
    ///
    /// - Returns: its path.
    package static func folder(_ path: String) throws(MartletError) -> String {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw MartletError(.unavailable, "The data directory's '\(path)' cannot be created.", cause: error)
        }
        return path
    }

    /// Lets another server have the directory.
    package func unlock() {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
