package import Core
import Crypto
import Foundation
import Synchronization

/// `martlet.py` and what belongs to it, as files on the `PYTHONPATH` of tasks.
///
/// They are written once per directory, under a name that their checksum gives, and compared when a process first uses them:
/// a task may have changed them.
package enum PythonLibrary {
    /// The files by name.
    package static let files: [(name: String, bytes: [UInt8])] = [
        ("martlet.py", PackageResources.martlet_py),
        ("martlet_values.py", PackageResources.martlet_values_py),
        ("martlet_yaml.py", PackageResources.martlet_yaml_py),
    ]

    private static let known = Mutex<Set<String>>([])

    /// The SHA-256 of all files.
    package static let checksum: String = {
        var digest = SHA256()
        for file in files {
            digest.update(data: Data(file.name.utf8))
            digest.update(data: Data(file.bytes))
        }
        return digest.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }()

    /// Where the files lie below a directory.
    ///
    /// - Parameter root: the directory below which attempts have theirs.
    /// - Returns: the path.
    package static func path(below root: String) -> String {
        "\(root)/library/\(checksum.prefix(16))"
    }

    /// Makes sure that the files lie there, with the right bytes.
    ///
    /// - Parameter root: the directory below which attempts have theirs.
    /// - Returns: the path.
    /// - Throws: `unavailable` when they cannot be written.
    @discardableResult
    package static func prepare(below root: String) throws(MartletError) -> String {
        let path = path(below: root)
        if known.withLock({ $0.contains(path) }) { return path }
        do {
            let manager = FileManager.default
            try manager.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755]
            )
            for file in files {
                let place = "\(path)/\(file.name)"
                if manager.contents(atPath: place).map({ $0.elementsEqual(file.bytes) }) == true { continue }
                try Data(file.bytes).write(to: URL(fileURLWithPath: place), options: .atomic)
                try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: place)
            }
        } catch {
            throw MartletError(.unavailable, "The Python files of tasks cannot be written.", cause: error)
        }
        known.withLock { _ = $0.insert(path) }
        return path
    }
}
