import Core

/// Applies a fitted transform to the rows of a table.
struct TransformTable {
    let transform: FittedTransform

    /// The columns that it makes.
    func apply(_ table: Table) throws(MartletError) -> [Column] {
        let inputs = try inputs(of: table)
        let rows = table.rowCount
        var runner = TransformRunner(transform)
        var numbers = transform.outputs.map { $0.kind == .string ? [] : [Double](repeating: .nan, count: rows) }
        var texts = transform.outputs.map { $0.kind == .string ? [String?](repeating: nil, count: rows) : [] }
        for row in 0..<rows {
            Self.set(row, of: inputs, &runner)
            try runner.run()
            for (position, output) in transform.outputs.enumerated() {
                if output.kind == .string {
                    texts[position][row] = runner.text(position)
                } else {
                    numbers[position][row] = runner.number(position)
                }
            }
        }
        return transform.outputs.enumerated().map { position, output in
            switch output.kind {
            case .number: Column(name: output.name, values: .numbers(numbers[position]))
            case .integer: Column(name: output.name, values: .integers(numbers[position].map { Int64(exactly: $0) }))
            case .string: Column(name: output.name, values: .strings(texts[position]))
            }
        }
    }

    /// The outputs, which are all numbers, row-major.
    func matrix(_ table: Table) throws(MartletError) -> [Float] {
        let inputs = try inputs(of: table)
        let width = transform.outputs.count
        var runner = TransformRunner(transform)
        var matrix: [Float] = []
        matrix.reserveCapacity(table.rowCount * width)
        for row in 0..<table.rowCount {
            Self.set(row, of: inputs, &runner)
            try runner.run()
            for position in 0..<width { matrix.append(Float(runner.number(position))) }
        }
        return matrix
    }

    private func inputs(of table: Table) throws(MartletError) -> [Column.Values] {
        var found: [Column.Values] = []
        for input in transform.inputs {
            guard let column = table[input.name] else {
                throw MartletError(
                    .invalidArgument,
                    "The column '\(input.name.prefix(80))' is missing; the transform needs "
                        + transform.inputs.prefix(20).map(\.name).joined(separator: ", ") + "."
                )
            }
            try Self.check(column, input)
            found.append(column.values)
        }
        return found
    }

    /// Text where a number belongs is an error, not a missing value: a whole column of the wrong type is a mistake.
    private static func check(_ column: Column, _ input: TransformColumn) throws(MartletError) {
        guard input.kind != .string, case .strings(let texts) = column.values else { return }
        for (row, text) in texts.enumerated() {
            guard let text, DecimalText.number(text) == nil else { continue }
            throw MartletError(
                .invalidArgument,
                "Row \(row + 1) of the column '\(input.name.prefix(80))' is '\(text.prefix(40))', but must be a number."
            )
        }
    }

    @inline(__always)
    private static func set(_ row: Int, of inputs: [Column.Values], _ runner: inout TransformRunner) {
        for position in inputs.indices {
            switch inputs[position] {
            case .numbers(let values): runner.set(position, values[row])
            case .integers(let values): runner.set(position, values[row].map(Double.init) ?? .nan)
            case .strings(let values): runner.set(position, values[row])
            }
        }
    }
}
