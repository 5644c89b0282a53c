import Core
import Foundation

/// A manifest on this machine, read for sending.
struct ManifestFile {
    /// The text.
    let text: String
    /// The directory it lies in, from which its data files are named.
    let directory: String

    /// Reads a file of at most `CommandLimits.manifestBytes`.
    ///
    /// - Throws: `notFound`, `payloadTooLarge` or `invalidArgument`, each naming the file as it was given.
    init(path: String) throws(MartletError) {
        let url = URL(filePath: path).standardizedFileURL
        guard let handle = try? FileHandle(forReadingFrom: url) else {
            throw MartletError(.notFound, "The manifest '\(path)' cannot be read; name an existing file.")
        }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: CommandLimits.manifestBytes + 1) else {
            throw MartletError(.notFound, "The manifest '\(path)' cannot be read; name a file, not a folder.")
        }
        guard data.count <= CommandLimits.manifestBytes else {
            throw MartletError(
                .payloadTooLarge,
                "The manifest '\(path)' is larger than \(CommandLimits.manifestBytes) bytes."
            )
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw MartletError(.invalidArgument, "The manifest '\(path)' is not UTF-8 text.")
        }
        self.text = text
        directory = url.deletingLastPathComponent().path
    }

    /// What the server is sent.
    var body: JSONValue {
        ["manifest": .string(text), "directory": .string(directory)]
    }
}

/// The table of what a manifest changes.
enum ChangeTable {
    /// Writes the changes that an answer lists; `applied` says whether they have been made.
    static func write(_ answer: JSONValue, applied: Bool, to terminal: Terminal) {
        let changes = answer["changes"]?.arrayValue ?? []
        var table = TextTable([
            .init(title: "SECTION"), .init(title: "NAME", isFixed: true), .init(title: "CHANGE", colour: colour),
        ])
        for change in changes {
            table.add([Words.text(change["section"]), Words.text(change["name"]), Words.text(change["change"])])
        }
        table.write(to: terminal, empty: "The manifest declares nothing.")
        let count = changes.filter { $0["change"] != "unchanged" }.count
        switch (count, applied) {
        case (0, _): terminal.note("Nothing differs.")
        case (changes.count, true): terminal.note("\(count) applied.")
        case (_, true): terminal.note("\(count) of \(changes.count) applied; the rest was there already.")
        case (_, false): terminal.note("\(count) of \(changes.count) differ from the server.")
        }
    }

    private static func colour(_ word: String) -> Terminal.Colour? {
        switch word {
        case "created": .good
        case "updated": .busy
        case "unchanged": .dim
        default: nil
        }
    }
}
