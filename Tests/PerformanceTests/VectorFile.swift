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

    func cases(_ key: String = "cases") throws -> [JSONValue] {
        try #require(root[key]?.arrayValue)
    }
}

extension JSONValue {
    func number(_ key: String) throws -> Double { try #require(self[key]?.doubleValue) }

    func text(_ key: String) throws -> String { try #require(self[key]?.stringValue) }

    func integers(_ key: String) throws -> [Int] {
        try #require(self[key]?.arrayValue).map { Int(try #require($0.integerValue)) }
    }

    func numbers(_ key: String) throws -> [Double] {
        try #require(self[key]?.arrayValue).map { try #require($0.doubleValue) }
    }

    func optionalNumbers(_ key: String) throws -> [Double?] {
        try #require(self[key]?.arrayValue).map(\.doubleValue)
    }
}

/// Whether two numbers agree within a relative tolerance, or an absolute one for numbers near zero.
func agree(_ left: Double, _ right: Double, relative: Double = 1e-9, absolute: Double = 1e-12) -> Bool {
    abs(left - right) <= max(relative * max(abs(left), abs(right)), absolute)
}

/// Whether two arrays agree number by number.
func agree(_ left: [Double], _ right: [Double], relative: Double = 1e-9, absolute: Double = 1e-12) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { agree($0, $1, relative: relative, absolute: absolute) }
}
