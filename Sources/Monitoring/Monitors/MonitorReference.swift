package import Core

/// The rows that a monitor compares with.
package struct MonitorReference: Sendable {
    /// Where they come from: a model version's number, or `dataset:name@version`.
    package let version: String
    /// The inputs, at most `MonitoringLimits.referenceRows`, with numbers as 32-bit floats, as models see them.
    package let inputs: Table
    /// What the version says of these rows: columns `prediction` and `score`; empty when it was not asked.
    package let outputs: Table
    /// Tells one set of rows from another, also after a restart.
    package let fingerprint: String

    /// Takes the columns of a table; more rows than the limit are thinned evenly.
    ///
    /// - Parameters:
    ///   - version: Where the rows come from.
    ///   - table: The inputs.
    ///   - predictions: What the version says of the same rows, in the columns of `OutputColumn.inRows`.
    /// - Throws: `failedPrecondition` for fewer than two rows, `payloadTooLarge` past a limit.
    package init(version: String, table: Table, predictions: Table? = nil) throws {
        guard table.rowCount >= 2 else {
            throw MartletError(
                .failedPrecondition,
                "The reference of version \(version) has \(table.rowCount) rows; drift needs at least 2."
            )
        }
        let cells = table.columns.count.multipliedReportingOverflow(by: MonitoringLimits.referenceRows)
        let most =
            cells.overflow || cells.partialValue > MonitoringLimits.windowElements
            ? max(2, MonitoringLimits.windowElements / table.columns.count) : MonitoringLimits.referenceRows
        let kept = min(table.rowCount, most)
        let places = (0..<kept).map { $0 * table.rowCount / kept }
        self.version = version
        inputs = try Table(columns: table.columns.map { Self.narrowed($0.selecting(places)) })
        let known = Set(table.columns.map(\.name))
        let columns = (predictions?.columns ?? []).filter { column in
            OutputColumn.inRows.contains(column.name) && !known.contains(column.name)
                && column.values.count == table.rowCount
        }
        outputs = try Table(columns: columns.map { Self.narrowed($0.selecting(places)) })
        fingerprint = Self.fingerprint(of: inputs, outputs)
    }

    /// Rows.
    package var rows: Int { inputs.rowCount }

    /// The version's number; nil for the rows of a dataset.
    var versionNumber: Int? { Int(version) }

    /// Inputs and outputs together.
    func all() throws(MartletError) -> Table { try Table(columns: inputs.columns + outputs.columns) }

    /// Numbers rounded to 32 bits: served values are, and a tie must stay a tie.
    private static func narrowed(_ column: Column) -> Column {
        switch column.values {
        case .numbers(let values): Column(name: column.name, values: .numbers(values.map { Double(Float($0)) }))
        case .integers(let values):
            Column(name: column.name, values: .integers(values.map { $0.flatMap { Int64(exactly: Float($0)) ?? $0 } }))
        case .strings(let values):
            Column(name: column.name, values: .strings(values.map { $0.map(TextPool.cut) }))
        }
    }

    /// FNV-1a, 64 bits, over names and values.
    private static func fingerprint(of tables: Table...) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt64) { hash = (hash ^ byte) &* 0x0000_0100_0000_01b3 }
        func mix(_ text: String) {
            for byte in text.utf8 { mix(UInt64(byte)) }
            mix(0x100)
        }
        for column in tables.flatMap(\.columns) {
            mix(column.name)
            switch column.values {
            case .numbers(let values): for value in values { mix(UInt64(Float(value).bitPattern)) }
            case .integers(let values): for value in values { mix(UInt64(bitPattern: value ?? .min)) }
            case .strings(let values): for value in values { if let value { mix(value) } else { mix(0x101) } }
            }
        }
        return String(hash, radix: 16)
    }
}
