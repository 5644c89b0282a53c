import Artifacts
package import Core
import Crypto

/// What a version of a registered model consists of: the SHA-256 of every file, as the registry's database holds them.
///
/// It was fixed when the version was registered, and is what a signature is made over. The canonical form is UTF-8 text
/// with a line feed after every line, so that it can be made and read without Martlet (docs/supply-chain.md):
///
///     martlet-model-manifest-1
///     model cancer
///     version 3
///     <sha256> <size> <path>
///
/// with the files in the order of the bytes of their paths. No name and no path can hold a line feed.
package struct ModelManifest: Sendable, Equatable {
    /// The registered model.
    package let model: String
    /// The version.
    package let version: Int
    /// The files, in the order of the bytes of their paths.
    package let files: [ModelFile]

    /// The first line of the canonical form.
    package static let format = "martlet-model-manifest-1"

    /// A manifest of files in any order.
    package init(model: String, version: Int, files: [ModelFile]) {
        self.model = model
        self.version = version
        self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// The text that is signed.
    package var text: String {
        var lines = [Self.format, "model \(model)", "version \(version)"]
        lines += files.map { "\($0.digest.sha256) \($0.digest.size) \($0.path)" }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The SHA-256 of the text, as 64 lower-case hexadecimal digits: a short name of the whole.
    package var sha256: String {
        ArtifactDigest(of: text.utf8).sha256
    }

    /// Reads a manifest from its text.
    ///
    /// - Throws: `invalidArgument` naming the line that is not as it must be.
    package init(text: String) throws(MartletError) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.last == "", lines.count >= 4, lines[0] == Self.format else {
            throw MartletError(.invalidArgument, "This is no manifest: its first line must be '\(Self.format)'.")
        }
        lines.removeLast()
        guard lines[1].hasPrefix("model "), lines[2].hasPrefix("version "),
            let version = Int(lines[2].dropFirst("version ".count))
        else { throw MartletError(.invalidArgument, "Lines 2 and 3 of a manifest name the model and the version.") }
        var files: [ModelFile] = []
        for (index, line) in lines.enumerated().dropFirst(3) {
            let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].utf8.count == 64, let size = Int64(parts[1]), !parts[2].isEmpty else {
                throw MartletError(.invalidArgument, "Line \(index + 1) of the manifest must be: SHA-256, size, path.")
            }
            let digest = ArtifactDigest(size: size, sha256: String(parts[0]))
            files.append(ModelFile(path: String(parts[2]), digest: digest))
        }
        self.init(model: String(lines[1].dropFirst("model ".count)), version: version, files: files)
    }
}
