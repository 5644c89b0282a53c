package import Core

extension ModelDirectory {
    /// The file that is the reference sample of a model that has no `martlet.json`.
    static let usualReferenceFile = "reference.csv"

    /// The sample of training rows that served rows are compared with, read with blocking calls.
    ///
    /// It is the file that `martlet.json` names, else `reference.csv` beside `MLmodel`, else the input example if that has at
    /// least `RuntimesLimits.exampleReferenceRows` rows: fewer say nothing of a distribution.
    ///
    /// - Returns: the rows; nil when the directory has none of these.
    /// - Throws: `dataLoss` when the named file is missing, `invalidArgument` for a file that is no CSV.
    package func reference() throws -> Table? {
        if let referenceFile {
            guard let table = try table(referenceFile) else {
                throw MartletError(.dataLoss, "The reference sample '\(referenceFile)' of the model is missing.")
            }
            return table
        }
        return isSingleFile ? nil : try table(Self.usualReferenceFile) ?? example()
    }

    private func table(_ file: String) throws -> Table? {
        try FileBytes.read(file, in: path, limit: RuntimesLimits.referenceBytes).map { try CSV.parse($0) }
    }

    /// The input example as a table; an example that is something else was never promised to be a sample.
    private func example() throws -> Table? {
        guard let exampleFile, (try? FileBytes.validate(exampleFile)) != nil,
            let bytes = try FileBytes.read(exampleFile, in: path, limit: RuntimesLimits.referenceBytes),
            let example = try? JSONValue.parse(bytes),
            let names = example["columns"]?.arrayValue?.map(\.stringValue),
            let rows = example["data"]?.arrayValue, rows.count >= RuntimesLimits.exampleReferenceRows
        else { return nil }
        var columns: [Column] = []
        for (position, name) in names.enumerated() {
            let cells = rows.map { $0.arrayValue.flatMap { $0.indices.contains(position) ? $0[position] : nil } }
            guard let name, let values = Self.values(cells) else { return nil }
            columns.append(Column(name: name, values: values))
        }
        return try? Table(columns: columns)
    }

    /// Cells as one column: numbers and booleans as numbers, text as text; nil for anything else.
    private static func values(_ cells: [JSONValue?]) -> Column.Values? {
        if cells.contains(where: { $0?.stringValue != nil }) {
            var texts: [String?] = []
            for cell in cells {
                guard cell == nil || cell == .null || cell?.stringValue != nil else { return nil }
                texts.append(cell?.stringValue)
            }
            return .strings(texts)
        }
        var numbers: [Double] = []
        for cell in cells {
            switch cell {
            case nil, .null: numbers.append(.nan)
            case .bool(let value): numbers.append(value ? 1 : 0)
            default:
                guard let number = cell?.doubleValue else { return nil }
                numbers.append(number)
            }
        }
        return .numbers(numbers)
    }
}
