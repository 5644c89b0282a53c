import Core
import Foundation

/// A file that a command writes.
enum OutputFile {
    /// Writes a whole file, or leaves what was there.
    ///
    /// - Throws: `unavailable` naming the path.
    static func write(_ text: String, to path: String) throws(MartletError) {
        try write(Array(text.utf8), to: path)
    }

    /// Writes a whole file, or leaves what was there.
    ///
    /// - Throws: `unavailable` naming the path.
    static func write(_ bytes: [UInt8], to path: String) throws(MartletError) {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw MartletError(.unavailable, "'\(path)' cannot be written.", cause: error)
        }
    }
}
