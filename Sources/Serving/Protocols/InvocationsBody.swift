import Core

/// The body of MLflow's `/invocations`: `dataframe_split`, `dataframe_records`, `instances` or `inputs`, or CSV.
enum InvocationsBody {
    private static let forms = ["dataframe_split", "dataframe_records", "instances", "inputs"]

    /// Reads the rows; columns are matched by name, and those that the model does not have are dropped.
    ///
    /// - Throws: `invalidArgument` unless exactly one of the four forms is there and fits the model.
    static func rows(_ bytes: UnsafeBufferPointer<UInt8>, _ model: LoadedModel) throws(MartletError) -> FeatureRows {
        var reader = JSONReader(bytes)
        reader.allowsNonFinite = true
        var rows: FeatureRows?
        guard reader.peek() == 0x7B else { throw formMissing() }
        try reader.expect(0x7B)
        if !reader.take(0x7D) {
            repeat {
                let key = try reader.readString()
                try reader.expect(0x3A)
                guard forms.contains(key) else {
                    try reader.skipValue()
                    continue
                }
                guard rows == nil else { throw formMissing() }
                rows = try read(key, &reader, model)
            } while reader.take(0x2C)
            try reader.expect(0x7D)
        }
        try reader.expectEnd()
        guard let rows else { throw formMissing() }
        return rows
    }

    /// Reads CSV with a header row.
    static func rows(csv bytes: some Collection<UInt8>, _ model: LoadedModel) throws(MartletError) -> FeatureRows {
        let table = try CSV.parse(Array(bytes))
        guard table.rowCount <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        return FeatureRows(values: try table.matrix(of: model.inputs), count: table.rowCount)
    }

    private static func formMissing() -> MartletError {
        MartletError(
            .invalidArgument,
            "The body must be an object with exactly one of \(forms.joined(separator: ", "))."
        )
    }

    private static func read(
        _ form: String,
        _ reader: inout JSONReader,
        _ model: LoadedModel
    ) throws(MartletError) -> FeatureRows {
        switch (form, reader.peek()) {
        case ("dataframe_split", 0x7B): return try split(&reader, model)
        case ("inputs", 0x7B): return try columns(&reader, model)
        case (_, 0x5B) where form != "dataframe_split": return try reader.readRows(model, dropsUnknown: true)
        default: throw MartletError(.invalidArgument, "'\(form)' has the wrong form; see docs/serving.md.")
        }
    }

    /// `{"columns": [names], "index": …, "data": [[…]]}`; without columns the order is the model's.
    private static func split(_ reader: inout JSONReader, _ model: LoadedModel) throws(MartletError) -> FeatureRows {
        var names: [String]?
        var values: [Float] = []
        var widths: [Int]?
        try reader.expect(0x7B)
        if !reader.take(0x7D) {
            repeat {
                let key = try reader.readString()
                try reader.expect(0x3A)
                switch key {
                case "columns": names = try self.names(&reader)
                case "index": try reader.skipValue()
                case "data":
                    widths = try matrix(&reader, keeps: names?.map { model.position[$0] != nil }, into: &values)
                default:
                    throw MartletError(
                        .invalidArgument,
                        "'dataframe_split.\(key.prefix(100))' is not known; it has columns, index and data."
                    )
                }
            } while reader.take(0x2C)
            try reader.expect(0x7D)
        }
        guard let widths else { throw MartletError(.invalidArgument, "'dataframe_split.data' is missing.") }
        let width = names?.count ?? model.inputs.count
        if let wrong = widths.first(where: { $0 != width }) {
            throw MartletError(
                .invalidArgument,
                "A row of 'dataframe_split.data' has \(wrong) values, but there are \(width) columns."
            )
        }
        guard let names, names != model.inputs else { return FeatureRows(values: values, count: widths.count) }
        return FeatureRows(values: try select(values, names, model), count: widths.count)
    }

    private static func names(_ reader: inout JSONReader) throws(MartletError) -> [String] {
        var names: [String] = []
        try reader.expect(0x5B)
        if reader.take(0x5D) { return names }
        repeat {
            guard names.count < CoreLimits.tableColumns else { throw JSONReader.tooManyValues() }
            names.append(try reader.readString())
        } while reader.take(0x2C)
        try reader.expect(0x5D)
        return names
    }

    /// Reads rows; cells of columns that are not kept may be of any kind and count as missing.
    private static func matrix(
        _ reader: inout JSONReader,
        keeps: [Bool]?,
        into values: inout [Float]
    ) throws(MartletError) -> [Int] {
        var widths: [Int] = []
        try reader.forEachElement("data") { reader throws(MartletError) in
            guard widths.count < ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
            guard let keeps, keeps.contains(false) else {
                widths.append(try reader.readRow(into: &values))
                return
            }
            var width = 0
            try reader.forEachElement("data") { reader throws(MartletError) in
                guard values.count < ServingLimits.valuesPerRequest else { throw JSONReader.tooManyValues() }
                if width < keeps.count, !keeps[width] {
                    try reader.skipValue()
                    values.append(.nan)
                } else {
                    values.append(try reader.readFeature())
                }
                width += 1
            }
            widths.append(width)
        }
        return widths
    }

    /// `{"name": [column], …}`.
    private static func columns(_ reader: inout JSONReader, _ model: LoadedModel) throws(MartletError) -> FeatureRows {
        var columns: [String: [Float]] = [:]
        try reader.expect(0x7B)
        if !reader.take(0x7D) {
            repeat {
                let name = try reader.readString()
                try reader.expect(0x3A)
                guard model.position[name] != nil else {
                    try reader.skipValue()
                    continue
                }
                var values: [Float] = []
                if reader.peek() == 0x5B {
                    _ = try reader.readRow(into: &values)
                } else {
                    values.append(try reader.readFeature())
                }
                guard columns.updateValue(values, forKey: name) == nil else {
                    throw MartletError(.invalidArgument, "The feature '\(name.prefix(100))' is given twice.")
                }
            } while reader.take(0x2C)
            try reader.expect(0x7D)
        }
        return try ColumnAssembly.rows(columns, model)
    }

    private static func select(_ values: [Float], _ names: [String], _ model: LoadedModel) throws(MartletError)
        -> [Float]
    {
        var sources: [Int] = []
        for input in model.inputs {
            guard let source = names.firstIndex(of: input) else {
                throw MartletError(.invalidArgument, "The feature '\(input)' is missing.")
            }
            sources.append(source)
        }
        var selected: [Float] = []
        selected.reserveCapacity(values.count / max(1, names.count) * sources.count)
        for start in stride(from: 0, to: values.count, by: max(1, names.count)) {
            for source in sources { selected.append(values[start + source]) }
        }
        return selected
    }
}

/// Puts named columns together into rows.
enum ColumnAssembly {
    /// Rows in the model's order.
    ///
    /// - Throws: `invalidArgument` naming a missing column or columns of different lengths.
    static func rows(_ columns: [String: [Float]], _ model: LoadedModel) throws(MartletError) -> FeatureRows {
        var ordered: [[Float]] = []
        for input in model.inputs {
            guard let column = columns[input] else {
                throw MartletError(.invalidArgument, "The feature '\(input)' is missing.")
            }
            if let first = ordered.first, first.count != column.count {
                throw MartletError(
                    .invalidArgument,
                    "The feature '\(input)' has \(column.count) values, but '\(model.inputs[0])' has \(first.count)."
                )
            }
            ordered.append(column)
        }
        let count = ordered.first?.count ?? 0
        guard count <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        let (total, overflow) = count.multipliedReportingOverflow(by: ordered.count)
        guard !overflow, total <= ServingLimits.valuesPerRequest else { throw JSONReader.tooManyValues() }
        var rows = FeatureRows(values: [], count: count)
        rows.values.reserveCapacity(total)
        for row in 0..<count {
            for column in ordered { rows.values.append(column[row]) }
        }
        return rows
    }
}
