import Core
import Foundation
import Testing

/// A file of `Vectors/` beside this source file.
struct VectorFile {
    let root: JSONValue

    init(_ name: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        root = try JSONValue.parse([UInt8](Data(contentsOf: folder.appending(path: "Vectors/\(name)"))))
    }

    /// A table of columns of numbers or texts.
    static func table(_ frame: JSONValue) throws -> Table {
        let members = try #require(frame.objectValue)
        return try Table(
            columns: members.pairs.map { name, cells in
                let cells = try #require(cells.arrayValue)
                let isText = cells.contains { $0.stringValue.map { $0 != "inf" && $0 != "-inf" } ?? false }
                if isText { return Column(name: name, values: .strings(cells.map(\.stringValue))) }
                return Column(name: name, values: .numbers(cells.map(number)))
            }
        )
    }

    private static func number(_ cell: JSONValue) -> Double {
        switch cell.stringValue {
        case "inf": .infinity
        case "-inf": -.infinity
        default: cell.doubleValue ?? .nan
        }
    }
}

/// Whether two numbers agree within a relative tolerance.
func agree(_ left: Double?, _ right: Double?, relative: Double = 1e-9, absolute: Double = 0) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return abs(left - right) <= max(relative * max(abs(left), abs(right)), absolute)
}

extension JSONValue {
    func number(_ key: String) -> Double? { self[key]?.doubleValue }
}
