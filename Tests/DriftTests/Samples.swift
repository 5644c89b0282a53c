import Core
import Drift

/// Tables that the tests make.
enum Samples {
    /// A table of normal numbers, a column for each mean.
    static func normal(_ rows: Int, means: [Double], seed: UInt64) throws -> Table {
        var generator = SeededGenerator(seed: seed)
        return try Table(
            columns: means.enumerated().map { index, mean in
                Column(name: "f\(index)", values: .numbers((0..<rows).map { _ in mean + generator.normal() }))
            }
        )
    }

    /// A table of one column.
    static func column(_ name: String, _ values: Column.Values) throws -> Table {
        try Table(columns: [Column(name: name, values: values)])
    }

    /// A column of whole numbers that repeat, so many rows of so many distinct values.
    static func cycle(_ rows: Int, of count: Int) -> [Double] { (0..<rows).map { Double($0 % count) } }

    /// A CSV as a table, whole numbers as integers.
    static func csv(_ text: String) throws -> Table {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer { try CSV.parse($0, wholeNumbers: .asIntegers) }
    }
}

extension DriftReport {
    /// The feature of that name.
    func feature(_ name: String) -> Feature? { features.first { $0.drift.name == name } }

    /// The kinds of events of a column.
    func kinds(of column: String) -> [DataEvent.Kind] { events.filter { $0.column == column }.map(\.kind) }
}
