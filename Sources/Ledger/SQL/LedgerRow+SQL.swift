import Core
import Storage

extension LedgerRow {
    /// Reads a row whose columns are `LedgerStore.columns`, in their order.
    init(_ row: RowCursor) throws {
        func text(_ index: Int) -> String? { row.optionalText(index) }
        func double(_ index: Int) -> Double? {
            switch row[index] {
            case .real(let value): value
            case .integer(let value): Double(value)
            default: nil
            }
        }
        var features: [Float] = []
        if case .blob(let bytes) = row[9] { features = FeatureBlob.decode(bytes) }
        let createdAt = Timestamp(milliseconds: try row.int(0))
        self.init(
            position: LedgerPosition(createdAt: createdAt, number: try row.int(1)),
            record: LedgerRecord(
                id: try row.text(2),
                deployment: try row.text(3),
                version: Int(try row.int(4)),
                arm: LedgerArm(rawValue: try row.text(5)),
                rollout: text(6),
                step: Int(try row.int(7)),
                via: try row.text(8),
                features: features,
                prediction: try row.text(10),
                score: double(11) ?? .nan,
                shadowVersion: row.optionalInt(12).map { Int($0) },
                shadowPrediction: text(13),
                shadowScore: double(14),
                microseconds: try row.int(15),
                drift: try row.int(16) != 0,
                createdAt: createdAt,
                label: text(19),
                labelledAt: row.optionalInt(20).map(Timestamp.init(milliseconds:)),
                observedAt: row.optionalInt(21).map(Timestamp.init(milliseconds:)),
                entity: text(18),
                isCut: try row.int(17) != 0
            )
        )
    }
}

extension Connection {
    /// Rows of the ledger: `rest` follows FROM.
    func ledgerRows(_ rest: String, _ arguments: [SQLValue]) throws -> [LedgerRow] {
        var rows: [LedgerRow] = []
        try forEach("SELECT \(LedgerStore.columns) FROM \(rest)", arguments) { rows.append(try LedgerRow($0)) }
        return rows
    }
}

extension LedgerRecord {
    /// What the row counts for in a deployment's bytes: its own and about as much as its place in the indexes takes.
    var storedBytes: Int64 {
        let texts =
            id.utf8.count * 2 + deployment.utf8.count * 2 + prediction.utf8.count + (shadowPrediction?.utf8.count ?? 0)
            + (rollout?.utf8.count ?? 0) + (entity?.utf8.count ?? 0) * 2 + arm.rawValue.utf8.count
        return Int64(features.count * 4 + texts + 96)
    }
}
