import ArgumentParser
import Core
import Foundation
import Registry

/// `martlet model keygen FILE`.
struct ModelKeygen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a key to sign versions with: FILE, which only you can read, and FILE.pub."
    )

    @Argument(help: "The file of the private key; it must not be there yet.")
    var file: String

    func run() async throws {
        try await CommandFailure.explaining {
            let key = SigningKey()
            try Self.create(file, key.pem, permissions: 0o600)
            try Self.create("\(file).pub", key.verifyingKey.pem, permissions: 0o644)
            Terminal.standard.line(key.verifyingKey.id)
            Terminal.standard.note("Let the server trust it: martlet model trust NAME --key \(file).pub")
        }
    }

    /// Writes a file that was not there, readable as said from its first moment on.
    private static func create(_ path: String, _ text: String, permissions: mode_t) throws(MartletError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
        guard descriptor >= 0 else {
            throw MartletError(
                errno == EEXIST ? .alreadyExists : .unavailable,
                errno == EEXIST ? "'\(path)' is there already." : "'\(path)' cannot be written."
            )
        }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw MartletError(.unavailable, "'\(path)' cannot be written.")
        }
    }
}

/// Files with keys.
enum KeyFile {
    /// A private key, which others must not be able to read.
    static func privateKey(_ path: String) throws(MartletError) -> SigningKey {
        let mode = (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? 0
        guard mode & 0o077 == 0 else {
            throw MartletError(
                .failedPrecondition,
                "Others can read the private key '\(path)'; it may be known to them. Make it yours: chmod 600 \(path)"
            )
        }
        return try SigningKey(pem: try text(path))
    }

    /// A public key.
    static func publicKey(_ path: String) throws(MartletError) -> VerifyingKey {
        try VerifyingKey(pem: try text(path))
    }

    private static func text(_ path: String) throws(MartletError) -> String {
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: RegistryLimits.keyCharacters + 1)
        else { throw MartletError(.notFound, "The key file '\(path)' cannot be read.") }
        return String(decoding: data, as: UTF8.self)
    }
}
