import Core
import Foundation

/// Compares a model on this host with what it must consist of: no file less, none changed, none more.
///
/// Looked at is what will be loaded, not where it was copied from.
package enum ModelContent {
    /// How a file differs.
    package enum Difference: Sendable {
        case missing
        case changed
        case added
    }

    /// The first difference.
    package struct Finding: Sendable, Equatable {
        /// The file, beneath the folder.
        package let path: String
        /// What is wrong with it.
        package let difference: Difference

        /// Makes a finding.
        package init(path: String, difference: Difference) {
            self.path = path
            self.difference = difference
        }
    }

    /// Looks at every file.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Parameters:
    ///   - path: the folder, or the file of a model that is a single one.
    ///   - expected: the SHA-256 of every file by its path beneath the folder, in lower-case hexadecimal digits.
    /// - Returns: the first difference in the order of the paths; nil when there is none.
    /// - Throws: `unavailable` when something cannot be read, `payloadTooLarge` past
    ///   `RuntimesLimits.checksummedFiles`.
    package static func check(_ path: String, against expected: [String: String]) throws -> Finding? {
        var found: Set<String> = []
        var directory = path
        if let file = FileBytes.file(at: path) {
            directory = file.directory
            found = [file.name]
        } else {
            try list("", in: path, into: &found)
        }
        for (name, sum) in expected.sorted(by: { $0.key < $1.key }) {
            // A link in place of a file is none of the files that were registered.
            guard found.contains(name), let actual = try FileBytes.sha256(of: name, in: directory) else {
                return Finding(path: name, difference: .missing)
            }
            guard actual == sum else { return Finding(path: name, difference: .changed) }
        }
        return found.filter { expected[$0] == nil }.min().map { Finding(path: $0, difference: .added) }
    }

    /// Everything beneath a folder that is not a folder itself; links are not followed.
    private static func list(_ folder: String, in root: String, into found: inout Set<String>) throws {
        let manager = FileManager.default
        let names: [String]
        do {
            names = try manager.contentsOfDirectory(atPath: folder.isEmpty ? root : "\(root)/\(folder)")
        } catch {
            throw MartletError(.unavailable, "The model's folder cannot be read.", cause: error)
        }
        for name in names {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            let type = try? manager.attributesOfItem(atPath: "\(root)/\(path)")[.type] as? FileAttributeType
            if type == .typeDirectory {
                try list(path, in: root, into: &found)
            } else {
                found.insert(path)
            }
            guard found.count <= RuntimesLimits.checksummedFiles else {
                throw MartletError(
                    .payloadTooLarge,
                    "The model has more than \(RuntimesLimits.checksummedFiles) files."
                )
            }
        }
    }
}
