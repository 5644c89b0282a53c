import Artifacts
package import Core
import Storage

/// The files of versions: as they were when the version was registered, and as they are.
extension RegistryStore {
    /// The files of a version as they were when it was registered, by path.
    ///
    /// - Throws: `notFound`.
    package func files(of model: String, _ version: Int) async throws -> [ModelFile] {
        try await supply(of: model, version).manifest.files
    }

    /// Compares the files of a version with what they were when it was registered; one that was added counts as well.
    ///
    /// - Throws: `dataLoss` naming the first file that is missing, changed or added; `notFound` for the version.
    package func verifyFiles(of model: String, _ version: Int) async throws {
        let expected = try await files(of: model, version)
        guard !expected.isEmpty else { return }
        let record = try await self.version(model, version)
        let known = Set(expected.map(\.path))
        let found = try await inspect(record.artifactURI).files
        let digests = Dictionary(found.map { ($0.path, $0.digest) }) { first, _ in first }
        for file in expected where digests[file.path] != file.digest {
            throw ModelFile.fault(file.path, digests[file.path] == nil ? .missing : .changed, of: model, version)
        }
        if let added = found.first(where: { !known.contains($0.path) }) {
            throw ModelFile.fault(added.path, .added, of: model, version)
        }
    }
}

extension ModelFile {
    /// How a file differs from what was registered.
    package enum Difference: String, Sendable {
        case missing = "is missing"
        case changed = "is changed (its SHA-256 differs)"
        case added = "was added"
    }

    /// The error for a file that is not as it was.
    package static func fault(
        _ path: String,
        _ difference: Difference,
        of model: String,
        _ version: Int
    ) -> MartletError {
        let remedy =
            difference == .added
            ? "remove it, or register the model again" : "restore it from a backup, or register the model again"
        return MartletError(
            .dataLoss,
            "File '\(path.prefix(300))' of version \(version) of model '\(model)' \(difference.rawValue) since it was "
                + "registered: \(remedy)."
        )
    }
}
