package import Core
internal import Foundation
internal import GRDB

/// Access to the database inside one `read` or `write`; do not let it escape.
package struct Connection {
    private let database: GRDB.Database

    init(_ database: GRDB.Database) {
        self.database = database
    }

    /// Runs a query with `?` placeholders and returns all rows.
    package func query(_ sql: String, _ arguments: [SQLValue] = []) throws(MartletError) -> [Row] {
        try mapping {
            let statement = try database.cachedStatement(sql: sql)
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: try Self.bind(arguments))
            let columns = statement.columnNames
            var rows: [Row] = []
            while let row = try cursor.next() {
                rows.append(Row(columns: columns, values: Self.values(of: row, columns.count)))
            }
            return rows
        }
    }

    /// Runs a query and returns its first row.
    package func first(_ sql: String, _ arguments: [SQLValue] = []) throws(MartletError) -> Row? {
        try mapping {
            let statement = try database.cachedStatement(sql: sql)
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: try Self.bind(arguments))
            let columns = statement.columnNames
            return try cursor.next().map { Row(columns: columns, values: Self.values(of: $0, columns.count)) }
        }
    }

    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    package func execute(_ sql: String, _ arguments: [SQLValue] = []) throws(MartletError) -> Int {
        try mapping {
            let statement = try database.cachedStatement(sql: sql)
            try statement.execute(arguments: try Self.bind(arguments))
            return database.changesCount
        }
    }

    private func mapping<T>(_ body: () throws -> T) throws(MartletError) -> T {
        do {
            return try body()
        } catch {
            throw Database.translate(error)
        }
    }

    private static func bind(_ arguments: [SQLValue]) throws(MartletError) -> StatementArguments {
        guard arguments.count <= StorageLimits.boundValues else {
            throw MartletError(
                .invalidArgument,
                "A statement takes at most \(StorageLimits.boundValues) values, not \(arguments.count)."
            )
        }
        return StatementArguments(arguments.map(databaseValue(of:)))
    }

    private static func databaseValue(of value: SQLValue) -> DatabaseValue {
        switch value {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .real(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .blob(let value): Data(value).databaseValue
        }
    }

    private static func values(of row: GRDB.Row, _ count: Int) -> [SQLValue] {
        (0..<count).map { index in
            let value: DatabaseValue = row[index]
            switch value.storage {
            case .null: return .null
            case .int64(let value): return .integer(value)
            case .double(let value): return .real(value)
            case .string(let value): return .text(value)
            case .blob(let value): return .blob([UInt8](value))
            }
        }
    }
}
