import Artifacts
import Core
import Crypto

/// Looking at the files of a version: their checksums, and whether they run code when they are loaded.
extension RegistryStore {
    /// What was seen.
    struct Inspection: Sendable {
        var files: [ModelFile] = []
        var pickles: [PickleFinding] = []
    }

    /// Bytes of `MLmodel` that are looked at.
    private static var descriptionBytes: Int { 1_048_576 }

    /// The files at an artifact URI as they are now; none for object stores and prompts.
    func inspect(_ artifactURI: String) async throws -> Inspection {
        guard let root = ArtifactURI.path(of: artifactURI) else { return Inspection() }
        var entries = try await artifacts.files(beneath: root)
        var base = root
        if entries.isEmpty, let entry = try await artifacts.entry(root), !entry.isDirectory {
            // A single file is a version as well.
            (entries, base) = ([entry], root.parent)
        }
        guard entries.count <= RegistryLimits.files else {
            throw MartletError(
                .resourceExhausted,
                "The model has \(entries.count) files; at most \(RegistryLimits.files) can be registered."
            )
        }
        var inspection = Inspection()
        for entry in entries {
            guard let path = entry.path.relative(to: base) else { continue }
            let isDescription = path == "MLmodel"
            let limit = isDescription ? Self.descriptionBytes : PickleScan.headBytes
            let (digest, head) = try await read(entry.path, head: limit)
            inspection.files.append(ModelFile(path: path, digest: digest))
            let reason =
                isDescription
                ? PickleScan.reason(mlModel: String(decoding: head, as: UTF8.self))
                : PickleScan.reason(path: path, head: head)
            if let reason { inspection.pickles.append(PickleFinding(path: path, reason: reason)) }
        }
        return inspection
    }

    /// Reads a file once: its checksum and its beginning.
    private func read(_ path: ArtifactPath, head limit: Int) async throws -> (ArtifactDigest, [UInt8]) {
        var hash = SHA256()
        var size: Int64 = 0
        var head: [UInt8] = []
        for try await chunk in try await artifacts.read(path).chunks {
            chunk.withUnsafeBytes { hash.update(bufferPointer: $0) }
            size += Int64(chunk.count)
            if head.count < limit { head += chunk.prefix(limit - head.count) }
        }
        let digits = Array("0123456789abcdef".utf8)
        let text = hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return (ArtifactDigest(size: size, sha256: String(decoding: text, as: UTF8.self)), head)
    }
}
