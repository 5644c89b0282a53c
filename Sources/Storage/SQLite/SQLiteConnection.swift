internal import Core
internal import Foundation
internal import GRDB

/// Statements on one SQLite connection.
final class SQLiteConnection: StatementRunner {
    private let database: GRDB.Database

    init(_ database: GRDB.Database) {
        self.database = database
    }

    func query(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> [Row] {
        try mapping {
            let statement = try database.cachedStatement(sql: sql)
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: Self.bind(arguments))
            let columns = statement.columnNames
            var rows: [Row] = []
            while let row = try cursor.next() {
                rows.append(Row(columns: columns, values: Self.values(of: row, columns.count)))
            }
            return rows
        }
    }

    func first(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> Row? {
        try mapping {
            let statement = try database.cachedStatement(sql: sql)
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: Self.bind(arguments))
            let columns = statement.columnNames
            return try cursor.next().map { Row(columns: columns, values: Self.values(of: $0, columns.count)) }
        }
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> Int {
        try mapping {
            let statement = try database.cachedStatement(sql: sql)
            try statement.execute(arguments: Self.bind(arguments))
            return database.changesCount
        }
    }

    private func mapping<T>(_ body: () throws -> T) throws(MartletError) -> T {
        do {
            return try body()
        } catch {
            throw SQLiteFailure.translate(error)
        }
    }

    private static func bind(_ arguments: [SQLValue]) -> StatementArguments {
        StatementArguments(arguments.map(databaseValue(of:)))
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
