import Core
import Foundation

/// A manifest on this machine, read for sending.
struct ManifestFile {
    /// The text.
    let text: String
    /// The directory it lies in, from which its data files are named.
    let directory: String
    /// The file as it was named; the server's errors begin with it.
    let name: String

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
        name = path
        directory = url.deletingLastPathComponent().path
    }

    /// What the server is sent.
    var body: JSONValue {
        ["manifest": .string(text), "directory": .string(directory), "name": .string(name)]
    }
}
