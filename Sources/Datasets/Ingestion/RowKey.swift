import Core
import Crypto

/// The text by which a row is known, and the digest of what it says.
enum RowKey {
    /// The key's cells, each with its length so that no two keys share a text; nil when one is missing.
    static func text(_ cells: [String?], at places: [Int]) -> String? {
        var text = ""
        for place in places {
            guard let cell = cells[place]?.trimmingWhitespace, !cell.isEmpty else { return nil }
            if places.count == 1 { return cell }
            text += "\(cell.utf8.count):\(cell),"
        }
        return text
    }

    /// The SHA-256 over the cells that are there, with their places.
    static func digest(_ cells: [String?]) -> String {
        var bytes: [UInt8] = []
        for (place, cell) in cells.enumerated() {
            guard let cell else { continue }
            bytes += Array("\(place):\(cell.utf8.count):".utf8)
            bytes += Array(cell.utf8)
        }
        return SHA256.hash(data: bytes).hexadecimal
    }
}
