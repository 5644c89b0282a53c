import Core
import Foundation

/// The file of keys: readable and writable by its owner alone, replaced as a whole.
package enum SecretKeyFile {
    /// The keys in a file; none if it is not there.
    ///
    /// - Throws: `failedPrecondition` if others may read it or own it, `dataLoss` if it holds something else.
    static func read(_ path: String) throws(MartletError) -> [SecretKey] {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT else {
                throw MartletError(.failedPrecondition, "The key file of secrets cannot be read by the server's user.")
            }
            return []
        }
        defer { close(descriptor) }
        guard let status = FileStatus(descriptor: descriptor), status.isPlain else {
            throw MartletError(.failedPrecondition, "The key file of secrets is no plain file.")
        }
        guard !status.isOpenToOthers else {
            throw MartletError(
                .failedPrecondition,
                "The key file of secrets may be read by others: run `chmod 600 secret.key` in the data directory, and"
                    + " `martlet secret rotate` if somebody may have read it."
            )
        }
        guard status.owner == geteuid() else {
            throw MartletError(
                .failedPrecondition,
                "The key file of secrets belongs to another user; give it to the user that the server runs as."
            )
        }
        var bytes = [UInt8](repeating: 0, count: SecretsLimits.keyTextBytes + 1)
        let count = Foundation.read(descriptor, &bytes, bytes.count)
        guard (0...SecretsLimits.keyTextBytes).contains(count) else {
            throw MartletError(.dataLoss, "The key file of secrets is damaged; restore it from a backup.")
        }
        do {
            return try SecretKey.parse(
                String(decoding: bytes[..<count], as: UTF8.self),
                origin: "The key file of secrets"
            )
        } catch {
            throw MartletError(
                .dataLoss,
                "The key file of secrets is damaged; restore it from a backup, or remove it and set the secrets again.",
                cause: error
            )
        }
    }

    /// Replaces the file; at every moment either all the old keys are there or all the new ones.
    ///
    /// - Throws: `unavailable` if it cannot be written.
    static func write(_ keys: [SecretKey], to path: String) throws(MartletError) {
        let header = "# The keys of Martlet's secrets; the first encrypts. Without them no secret can be read.\n"
        let text = header + keys.map { $0.line + "\n" }.joined()
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = Foundation.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable }
        let bytes = Array(text.utf8)
        let isWritten = Foundation.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw unwritable
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = Foundation.open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw unwritable }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw unwritable }
    }

    private static let unwritable = MartletError(.unavailable, "The key file of secrets cannot be written.")
}
