import Core
import Foundation
import Logging

/// The directory of Martlet's own copies of repositories, and what a call of git needs there.
struct GitPlace: Sendable {
    let directory: String

    /// The bare copy of a repository.
    func repository(of address: GitAddress) -> String {
        // FNV-1a: a name for a directory, against which nobody attacks but the one who writes the settings.
        let hash = address.text.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        return "\(directory)/\(String(hash, radix: 16)).git"
    }

    /// Makes the directory, for its owner alone.
    func prepare() throws(MartletError) {
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw MartletError(.storageFull, "The directory of Git copies cannot be made.", cause: error)
        }
    }

    /// Takes away what a call that was killed has left locked: nobody else works in these copies.
    func unlock(_ repository: String) {
        guard let names = FileManager.default.enumerator(atPath: repository) else { return }
        for case let name as String in names where name.hasSuffix(".lock") {
            try? FileManager.default.removeItem(atPath: "\(repository)/\(name)")
        }
    }

    /// A file that only its owner may read.
    func write(_ text: String, to name: String, permissions: Int) throws(MartletError) -> String {
        let path = "\(directory)/\(name)"
        let data = Data(text.utf8)
        guard
            FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: permissions]),
            FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: permissions])
        else { throw MartletError(.storageFull, "A file beside the Git copies cannot be written.") }
        return path
    }

    /// Takes a file away.
    func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Answers git's questions for a user and a password from the environment, so that they are in no file and no argument.
    static let askpass = """
        #!/bin/sh
        case "$1" in
          Username*) printf '%s\\n' "$MARTLET_GIT_USER" ;;
          *) printf '%s\\n' "$MARTLET_GIT_TOKEN" ;;
        esac

        """
}
