import Crypto

/// SHA-256 of the files of a model directory.
package enum ModelChecksums {
    /// The SHA-256 of a file in lower-case hex, read block by block; nil when there is no such file.
    ///
    /// - Throws: `invalidArgument` for a name that is no safe relative path.
    package static func sha256(of name: String, in directory: String) throws -> String? {
        try FileBytes.sha256(of: name, in: directory)
    }

    /// The SHA-256 of bytes in lower-case hex.
    package static func sha256(of bytes: [UInt8]) -> String {
        FileBytes.hexadecimal(SHA256.hash(data: bytes))
    }
}
