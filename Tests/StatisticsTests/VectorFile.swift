import Core
import Foundation
import Testing

import Statistics

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

    /// The rows of a multivariate data set.
    func rows(_ dataset: String, _ side: String) throws -> SampleMatrix {
        let rows = try #require(root["datasets"]?[dataset]?[side]?.arrayValue)
        return try SampleMatrix(rows: rows.map { try $0.numbers().map(Float.init) })
    }

    /// The values of a univariate data set without the missing ones.
    func values(_ dataset: String, _ side: String) throws -> [Double] {
        try #require(root["datasets"]?[dataset]?[side]?.arrayValue).compactMap(\.doubleValue)
    }
}

extension JSONValue {
    func number(_ key: String) throws -> Double { try #require(self[key]?.doubleValue) }

    func text(_ key: String) throws -> String { try #require(self[key]?.stringValue) }

    func numbers(_ key: String) throws -> [Double] { try #require(self[key]).numbers() }

    func numbers() throws -> [Double] {
        try #require(arrayValue).map { try #require($0.doubleValue) }
    }
}

/// Whether two numbers agree within a relative tolerance, or an absolute one for numbers near zero.
func agree(_ left: Double, _ right: Double, relative: Double, absolute: Double = 0) -> Bool {
    abs(left - right) <= max(relative * max(abs(left), abs(right)), absolute)
}
