internal import CPostgres
internal import Core

/// A statement in PostgreSQL's words, prepared once for each combination of its parameters' types.
final class PostgresStatement {
    /// One preparation in the server.
    final class Variant {
        let name: String
        let types: [UInt32]
        /// The names of the columns, known after the first run.
        fileprivate(set) var columns: [String]?

        init(name: String, types: [UInt32]) {
            self.name = name
            self.types = types
        }
    }

    let text: String
    var variants: [Variant] = []

    init(text: String) {
        self.text = text
    }

    /// The preparation that takes values of these types; NULL goes wherever another value does.
    func variant(accepting types: [UInt32]) -> Variant? {
        variants.first { variant in
            variant.types.count == types.count
                && zip(variant.types, types).allSatisfy { $0 == $1 || $1 == PostgresType.unknown }
        }
    }

    /// The types with what earlier runs tell about those that are NULL now, so that few preparations serve all.
    func merged(_ types: [UInt32]) -> [UInt32] {
        guard let last = variants.last, last.types.count == types.count else { return types }
        return zip(types, last.types).map { $0 == PostgresType.unknown ? $1 : $0 }
    }
}

/// The rows of one statement.
struct PostgresResult {
    let functions: UnsafePointer<martlet_postgres>
    let result: OpaquePointer
    let variant: PostgresStatement.Variant

    /// How many rows the statement changed or returned.
    var changes: Int {
        Int(String(cString: functions.pointee.PQcmdTuples(result))) ?? 0
    }

    /// At most `limit` rows.
    func rows(limit: Int = .max) throws(MartletError) -> [Row] {
        let width = functions.pointee.PQnfields(result)
        let count = min(Int(functions.pointee.PQntuples(result)), limit)
        guard count > 0 else { return [] }
        let columns = columnNames(width)
        let types = (0..<width).map { functions.pointee.PQftype(result, $0) }
        var rows: [Row] = []
        rows.reserveCapacity(count)
        for row in 0..<Int32(clamping: count) {
            var values: [SQLValue] = []
            values.reserveCapacity(types.count)
            for column in 0..<width {
                values.append(try value(row, column, type: types[Int(column)]))
            }
            rows.append(Row(columns: columns, values: values))
        }
        return rows
    }

    private func columnNames(_ width: Int32) -> [String] {
        if let known = variant.columns, known.count == Int(width) { return known }
        let names = (0..<width).map { functions.pointee.PQfname(result, $0).map { String(cString: $0) } ?? "" }
        variant.columns = names
        return names
    }

    private func value(_ row: Int32, _ column: Int32, type: UInt32) throws(MartletError) -> SQLValue {
        guard functions.pointee.PQgetisnull(result, row, column) == 0 else { return .null }
        let bytes = UnsafeRawBufferPointer(
            start: functions.pointee.PQgetvalue(result, row, column),
            count: Int(functions.pointee.PQgetlength(result, row, column))
        )
        return try PostgresDecoder.value(bytes, type: type)
    }
}
