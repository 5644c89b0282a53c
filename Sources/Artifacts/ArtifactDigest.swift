import Core
import Crypto

/// What was stored: how many bytes and their SHA-256.
package struct ArtifactDigest: Hashable, Sendable {
    /// Bytes.
    package let size: Int64
    /// SHA-256 as 64 lower-case hexadecimal digits.
    package let sha256: String

    /// Makes a digest from its parts.
    package init(size: Int64, sha256: String) {
        self.size = size
        self.sha256 = sha256
    }

    /// The digest of bytes in memory.
    package init(of bytes: some Sequence<UInt8>) {
        var accumulator = DigestAccumulator()
        accumulator.append(Array(bytes))
        self = accumulator.finish()
    }
}

extension ArtifactDigest {
    /// Refuses bytes that are not the announced ones; nil announces nothing.
    func check(against expected: String?, _ path: ArtifactPath) throws(MartletError) {
        guard let expected, expected != sha256 else { return }
        throw MartletError(
            .invalidArgument,
            "Artifact '\(path)' arrived with SHA-256 \(sha256), not \(expected) as announced: send it again."
        )
    }
}

/// Computes an `ArtifactDigest` chunk by chunk.
struct DigestAccumulator {
    private var hash = SHA256()
    private var size: Int64 = 0

    mutating func append(_ chunk: [UInt8]) {
        chunk.withUnsafeBytes { hash.update(bufferPointer: $0) }
        size += Int64(chunk.count)
    }

    func finish() -> ArtifactDigest {
        ArtifactDigest(size: size, sha256: Hexadecimal.text(hash.finalize()))
    }
}
