package import Core
import Foundation

/// The file that holds the key of webhook secrets: readable by its owner alone, made at the first start.
package enum SecretKeyFile {
    /// The key of 32 bytes in a file, which is made if it is missing.
    ///
    /// - Throws: `unavailable` if it cannot be read or written, `dataLoss` if it holds something else,
    ///   `failedPrecondition` if others may read it.
    package static func key(at path: String) throws(MartletError) -> [UInt8] {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT else {
                throw MartletError(.unavailable, "The key of webhook secrets cannot be read.")
            }
            return try make(at: path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw MartletError(
                .failedPrecondition,
                "The key of webhook secrets may be read by others; give the file the mode 0600."
            )
        }
        var bytes = [UInt8](repeating: 0, count: 33)
        let count = read(descriptor, &bytes, bytes.count)
        guard count == 32 else {
            throw MartletError(
                .dataLoss,
                "The key of webhook secrets is damaged; restore it from a backup, or delete it and set the secrets again."
            )
        }
        return Array(bytes.prefix(32))
    }

    private static func make(at path: String) throws(MartletError) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let key = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw MartletError(.unavailable, "The key of webhook secrets cannot be written.")
        }
        defer { close(descriptor) }
        guard write(descriptor, key, key.count) == key.count, fsync(descriptor) == 0 else {
            unlink(path)
            throw MartletError(.unavailable, "The key of webhook secrets cannot be written.")
        }
        return key
    }
}
