import Core

/// Rows of numeric features, row-major, as the model received them.
///
/// Values may be NaN or infinite: a detector decides what to do with them. The shape is checked at creation, so code that
/// holds a matrix may index it.
package struct SampleMatrix: Sendable, Equatable {
    /// The names of the features, one per column.
    package let names: [String]
    /// The number of rows.
    package let rows: Int
    /// The values, `rows` times `names.count` of them, row after row.
    package let elements: [Float]

    /// The number of features in a row.
    package var columns: Int { names.count }

    /// Checks that the elements fill a whole number of rows within the limits.
    ///
    /// - Throws: `invalidArgument` for a ragged or empty shape, `payloadTooLarge` past `StatisticsLimits`.
    package init(names: [String], elements: [Float]) throws {
        guard !names.isEmpty else {
            throw MartletError(.invalidArgument, "A sample needs at least one feature; it has none.")
        }
        guard names.count <= StatisticsLimits.features else {
            throw MartletError(
                .payloadTooLarge,
                "A sample has \(names.count) features; the limit is \(StatisticsLimits.features)."
            )
        }
        guard elements.count.isMultiple(of: names.count) else {
            throw MartletError(
                .invalidArgument,
                "A sample of \(names.count) features cannot hold \(elements.count) values: every row must be complete."
            )
        }
        guard elements.count <= StatisticsLimits.sampleElements else {
            throw MartletError(
                .payloadTooLarge,
                "A sample has \(elements.count) values; the limit is \(StatisticsLimits.sampleElements). Use fewer rows."
            )
        }
        self.names = names
        self.rows = elements.count / names.count
        self.elements = elements
    }

    /// Builds a matrix from rows of equal length and names the features `f0`, `f1`, ….
    ///
    /// - Throws: `invalidArgument` naming the first row whose length differs.
    package init(rows: [[Float]]) throws {
        let width = rows.first?.count ?? 0
        for (index, row) in rows.enumerated() where row.count != width {
            throw MartletError(
                .invalidArgument,
                "Row \(index) has \(row.count) features; the first row has \(width)."
            )
        }
        try self.init(names: (0..<width).map { "f\($0)" }, elements: rows.flatMap(\.self))
    }

    /// The value at a row and column, both within the shape.
    package subscript(row: Int, column: Int) -> Float { elements[row * columns + column] }

    /// The values of one column that are finite, in row order.
    package func finiteColumn(_ column: Int) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(rows)
        for index in stride(from: column, to: elements.count, by: columns) where elements[index].isFinite {
            values.append(elements[index])
        }
        return values
    }

    /// The rows in which every value is finite, in order; the matrix itself when all are.
    package var completeRows: SampleMatrix {
        guard elements.contains(where: { !$0.isFinite }) else { return self }
        var kept: [Float] = []
        kept.reserveCapacity(elements.count)
        for row in 0..<rows {
            let values = elements[(row * columns)..<((row + 1) * columns)]
            if values.allSatisfy(\.isFinite) { kept.append(contentsOf: values) }
        }
        return SampleMatrix(validNames: names, validElements: kept)
    }

    /// The rows with these numbers, in their order; all within the shape.
    package func rows(_ numbers: [Int]) -> SampleMatrix {
        var kept: [Float] = []
        kept.reserveCapacity(numbers.count * columns)
        for row in numbers { kept.append(contentsOf: elements[(row * columns)..<((row + 1) * columns)]) }
        return SampleMatrix(validNames: names, validElements: kept)
    }

    /// These rows followed by those of a matrix of the same width.
    func appending(_ other: SampleMatrix) -> SampleMatrix {
        SampleMatrix(validNames: names, validElements: elements + other.elements)
    }

    /// Keeps the shape of a matrix that was already checked.
    private init(validNames: [String], validElements: [Float]) {
        names = validNames
        rows = validElements.count / validNames.count
        elements = validElements
    }
}
