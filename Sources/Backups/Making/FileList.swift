import Artifacts
import Core

/// One line of the list of files of a backup.
struct ListedFile: Sendable, Equatable {
    /// Where the file lies in its store.
    let path: ArtifactPath
    /// Its content.
    let file: StoredFile
    /// What the store said of it, which changes when the file does.
    let tag: String

    var line: [UInt8] {
        var object = file.members
        object["path"] = .string(path.description)
        object["tag"] = .string(tag)
        return JSONValue.object(object).serialized() + [UInt8(ascii: "\n")]
    }

    init(path: ArtifactPath, file: StoredFile, tag: String) {
        self.path = path
        self.file = file
        self.tag = tag
    }

    init(_ line: some Collection<UInt8>) throws {
        let fields = JSONFields(try JSONValue.parse(line).objectValue ?? [:], path: "file")
        path = try ArtifactPath(validating: try fields.string("path"))
        guard !path.isRoot else { throw fields.invalid("path", "must name a file") }
        file = try StoredFile(fields)
        tag = try fields.string("tag")
    }
}

extension BackupPlace {
    /// Hands the lines of a list to `visit`, one after the other.
    ///
    /// - Throws: `dataLoss` when the list is damaged.
    func readList(_ list: StoredFile, visit: (ListedFile) async throws -> Void) async throws {
        var rest: [UInt8] = []
        for try await chunk in contents(of: list) {
            rest.append(contentsOf: chunk)
            guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else {
                guard rest.count <= BackupsLimits.manifestBytes else {
                    throw MartletError(.dataLoss, "A line of the backup's list of files is too long.")
                }
                continue
            }
            for line in rest[..<end].split(separator: UInt8(ascii: "\n")) { try await visit(try ListedFile(line)) }
            rest.removeSubrange(...end)
        }
        guard rest.isEmpty else { throw MartletError(.dataLoss, "The backup's list of files is cut off.") }
    }
}
