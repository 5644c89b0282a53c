package import Core
import Foundation
import HTTPSupport
import Storage

/// `martlet upgrade`: what starting this version would do to a database, and doing it without a server.
package enum UpgradeCheck {
    /// Looks and changes nothing.
    ///
    /// A server may run on the data meanwhile.
    package static func run(settings: ServerSettings, clock: Clock = .system) async throws -> UpgradeReport {
        var parts: [UpgradeReport.Part] = []
        for name in try await BackupWiring.parts(settings) {
            let database = try await BackupWiring.open(name, settings)
            do {
                parts.append(try await part(name, database, settings))
                try await database.close()
            } catch {
                try? await database.close()
                throw error
            }
        }
        return UpgradeReport(
            parts: parts,
            freeBytes: settings.postgresURL == nil ? freeBytes(settings.databasePath) : nil,
            lastBackup: LastBackup.read(from: settings.data),
            now: clock.now
        )
    }

    /// Applies what is pending, while no server has the data directory, and checks the databases afterwards.
    ///
    /// - Throws: `failedPrecondition` when a server has the directory or a newer version wrote a database.
    package static func apply(settings: ServerSettings, clock: Clock = .system) async throws -> UpgradeReport {
        let names = try await BackupWiring.parts(settings)
        let directory = try DataDirectory.lock(path: settings.data)
        defer { directory.unlock() }
        for name in names {
            let database = try await BackupWiring.open(name, settings)
            do {
                try await database.migrate(BackupWiring.migrations(of: name), now: clock.now)
                try await database.close()
            } catch {
                try? await database.close()
                throw error
            }
        }
        return try await run(settings: settings, clock: clock)
    }

    private static func part(
        _ name: String,
        _ database: Database,
        _ settings: ServerSettings
    ) async throws -> UpgradeReport.Part {
        let status = try await database.schema(of: BackupWiring.migrations(of: name))
        let dialect = database.dialect
        let rows = try await database.read { connection in
            var rows: [String: Int64] = [:]
            let tables = Set(try connection.tables(dialect))
            for migration in status.pending {
                let touched = migration.statements(for: dialect).compactMap(MigrationWork.table)
                for table in Set(touched) where tables.contains(table) && rows[table] == nil {
                    rows[table] = try connection.first("SELECT COUNT(*) AS n FROM \"\(table)\"")?.int("n") ?? 0
                }
            }
            return rows
        }
        let pending = status.pending.map { migration in
            let touched = Set(migration.statements(for: dialect).compactMap(MigrationWork.table))
            return UpgradeReport.Pending(
                id: migration.id,
                statements: migration.statements(for: dialect).count,
                rows: touched.reduce(0) { $0 + (rows[$1] ?? 0) }
            )
        }
        var bytes: Int64?
        if let path = database.filePath {
            bytes = ["", "-wal"].reduce(0) { $0 + fileBytes(path + $1) }
        }
        return UpgradeReport.Part(
            name: name,
            applied: status.applied.count,
            pending: pending,
            unknown: status.unknown,
            writtenBy: status.writtenBy,
            bytes: bytes
        )
    }

    private static func fileBytes(_ path: String) -> Int64 {
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
        return size?.int64Value ?? 0
    }

    private static func freeBytes(_ path: String) -> Int64? {
        var status = statvfs()
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        guard statvfs(folder, &status) == 0 else { return nil }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
        )
    }
}

/// What a statement of a migration works on.
enum MigrationWork {
    /// The table whose rows a statement reads or writes; nil when it makes a new one.
    static func table(_ statement: String) -> String? {
        let words = statement.split { $0.isWhitespace || $0 == "(" || $0 == ";" }
        let upper = words.map { $0.uppercased() }
        guard let first = upper.first, first != "CREATE" || !upper.prefix(3).contains("TABLE") else { return nil }
        let marks: [String: String] = ["ALTER": "TABLE", "UPDATE": "UPDATE", "INSERT": "FROM", "DELETE": "FROM"]
        let mark = marks[first] ?? "ON"
        guard let position = upper.firstIndex(of: mark), position + 1 < words.count else { return nil }
        return words[position + 1].filter { $0 != "\"" }
    }
}

/// What an upgrade would do.
package struct UpgradeReport: Sendable {
    /// A migration that is still to be applied.
    package struct Pending: Sendable {
        /// Its id.
        package let id: String
        /// How many statements.
        package let statements: Int
        /// Rows of the tables that it reads or changes.
        package let rows: Int64
    }

    /// One database.
    package struct Part: Sendable {
        /// Its name.
        package let name: String
        /// How many migrations were applied.
        package let applied: Int
        /// What is to be done.
        package let pending: [Pending]
        /// Migrations that this version does not know.
        package let unknown: [String]
        /// The version that wrote it; nil when it was not recorded.
        package let writtenBy: String?
        /// Bytes of its file; nil on PostgreSQL.
        package let bytes: Int64?
    }

    /// The databases.
    package let parts: [Part]
    /// Bytes that the disk has left; nil on PostgreSQL.
    package let freeBytes: Int64?
    let lastBackup: LastBackup?
    let now: Timestamp

    /// What the data needs before this version can use it.
    package enum State: String, Sendable {
        /// Nothing.
        case current
        /// The migrations, which starting the server applies.
        case pending
        /// A newer version of the product.
        case newer
    }

    /// What the data needs.
    package var state: State {
        if parts.contains(where: { !$0.unknown.isEmpty }) { return .newer }
        return parts.contains { !$0.pending.isEmpty } ? .pending : .current
    }

    /// Bytes that the migrations may need at most: as much again as the databases that they change.
    package var neededBytes: Int64 {
        parts.filter { !$0.pending.isEmpty }.reduce(0) { $0 + ($1.bytes ?? 0) }
    }

    /// Whether the disk has room.
    package var hasRoom: Bool { freeBytes.map { $0 >= neededBytes } ?? true }

    /// The last backup, for people; nil when none is known.
    package var backup: String? {
        lastBackup.map { "\($0.id) of \($0.createdAt.iso8601) in \($0.destination)" }
    }

    /// The report for programs.
    package var json: JSONValue {
        [
            "state": .string(state.rawValue), "version": .string(ProductVersion.text),
            "databases": .array(parts.map(\.json)), "needed_bytes": .integer(neededBytes),
            "free_bytes": .optional(freeBytes), "has_room": .bool(hasRoom),
            "last_backup": lastBackup.map { backup in
                [
                    "id": .string(backup.id), "destination": .string(backup.destination),
                    "created_at": .integer(backup.createdAt.milliseconds),
                    "age_ms": .integer((now - backup.createdAt).wholeMilliseconds),
                ]
            } ?? .null,
        ]
    }
}

extension UpgradeReport.Part {
    fileprivate var json: JSONValue {
        let pending = pending.map { migration -> JSONValue in
            [
                "id": .string(migration.id), "statements": .int(migration.statements),
                "rows": .integer(migration.rows),
            ]
        }
        return [
            "name": .string(name), "applied": .int(applied), "pending": .array(pending),
            "unknown": .array(unknown.map(JSONValue.string)), "written_by": .optional(writtenBy),
            "bytes": .optional(bytes),
        ]
    }
}
