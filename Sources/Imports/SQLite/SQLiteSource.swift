package import Core
import Foundation
import Registry
import Storage
package import Tracking

/// Moving in from the SQLite database of an MLflow server of version 2 or 3.
///
/// Columns that came later than version 2.0 are read if they are there. The file is opened for reading only; one in WAL
/// mode, which SQLite cannot read without files beside it, is copied first and the copy is read.
package final class SQLiteSource: ImportSource {
    let database: Database
    package let files: SourceFiles
    let locator: ArtifactLocator
    private let path: String
    private let copy: String?

    /// Opens a database.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - artifactsRoot: the folder that holds the artifacts, if they do not lie where the database says.
    ///   - artifactsServer: a server that hands out what `mlflow-artifacts:` names, in place of a folder.
    /// - Throws: `notFound`, `invalidArgument` if it is no SQLite database, `unavailable` if it cannot be opened.
    package init(path: String, artifactsRoot: String? = nil, artifactsServer: RESTClient? = nil) throws(MartletError) {
        guard let resolved = LocalFolder.resolved(path) else {
            throw MartletError(.notFound, "There is no database at '\(path)'.")
        }
        self.path = resolved
        let isWAL = try Self.isWAL(resolved, shown: path)
        copy = isWAL ? try Self.copied(resolved) : nil
        database = try Self.opened(resolved, copy: copy)
        files = SourceFiles(server: artifactsServer)
        locator = try ArtifactLocator(
            root: artifactsRoot,
            home: URL(fileURLWithPath: resolved).deletingLastPathComponent().path,
            isProxied: artifactsServer != nil
        )
    }

    package var title: String { "the database \(path)" }
    package var identity: String { "sqlite:\(path)" }

    package func close() async {
        try? await database.close()
        if let copy { try? FileManager.default.removeItem(atPath: copy) }
    }

    /// Whether the file is in WAL mode; its first bytes say so, and whether it is a database at all.
    private static func isWAL(_ path: String, shown: String) throws(MartletError) -> Bool {
        let file = try LocalFile(path: path, shown: shown)
        let head = try file.read(count: 100, at: 0)
        guard head.count == 100, head.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw MartletError(.invalidArgument, "'\(shown)' is no SQLite database.")
        }
        let written = Int64(head[16]) << 8 | Int64(head[17])
        let pageSize = written == 1 ? 65_536 : written
        let pages = head[28..<32].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        // The number of pages counts only if the last writer was one that keeps it.
        let isCounted = head[24..<28].elementsEqual(head[92..<96])
        guard pageSize >= 512, !isCounted || file.size >= pages &* pageSize else {
            throw MartletError(
                .dataLoss,
                "'\(shown)' is cut off: it has \(file.size) bytes of \(pages &* pageSize). Copy it again."
            )
        }
        return head[19] == 2
    }

    private static func copied(_ path: String) throws(MartletError) -> String {
        let folder = FileManager.default.temporaryDirectory.path + "/martlet-import-" + Identifier.random()
        do {
            let manager = FileManager.default
            try manager.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            try manager.copyItem(atPath: path, toPath: folder + "/mlflow.db")
            if manager.fileExists(atPath: path + "-wal") {
                try manager.copyItem(atPath: path + "-wal", toPath: folder + "/mlflow.db-wal")
            }
            return folder
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw MartletError(
                .resourceExhausted,
                "The database is in WAL mode and must be copied to be read, but there is no room for the copy.",
                cause: error
            )
        }
    }

    /// The names of a table's columns; empty if there is no such table.
    static func columns(_ connection: Connection, _ table: String) throws -> Set<String> {
        Set(try connection.query("SELECT name FROM pragma_table_info(?)", [.text(table)]).map { try $0.text("name") })
    }

    private static let needed: [(table: String, columns: [String])] = [
        ("experiments", ["experiment_id", "name", "lifecycle_stage"]),
        ("experiment_tags", ["key", "value", "experiment_id"]),
        ("runs", ["run_uuid", "experiment_id", "status", "start_time", "lifecycle_stage", "artifact_uri"]),
        ("params", ["key", "value", "run_uuid"]), ("tags", ["key", "value", "run_uuid"]),
        ("metrics", ["key", "value", "timestamp", "run_uuid", "step", "is_nan"]),
        ("latest_metrics", ["key", "value", "timestamp", "run_uuid", "step", "is_nan"]),
        ("registered_models", ["name", "creation_time"]),
        ("model_versions", ["name", "version", "source", "run_id", "current_stage"]),
    ]

    package func check() async throws -> SourceFacts {
        try await reading { connection in
            if try !Self.columns(connection, "martlet_migrations").isEmpty {
                throw MartletError(
                    .invalidArgument,
                    "'\(self.path)' is a database of Martlet itself; start a server with --data on its folder instead."
                )
            }
            guard try !Self.columns(connection, "alembic_version").isEmpty,
                let row = try connection.first("SELECT version_num FROM alembic_version")
            else { throw MartletError(.invalidArgument, "'\(self.path)' is no database of MLflow.") }
            let version = try row.text("version_num")
            for (table, columns) in Self.needed {
                let missing = Set(columns).subtracting(try Self.columns(connection, table)).sorted()
                guard missing.isEmpty else {
                    throw MartletError(
                        .failedPrecondition,
                        "The schema of '\(self.path)' (\(version)) is older than MLflow 2.0: '\(table)' has no "
                            + "'\(missing[0])'. Run `mlflow db upgrade sqlite:///<a copy of it>` and import the copy."
                    )
                }
            }
            let hasTraces = try !Self.columns(connection, "trace_info").isEmpty
            let traces = hasTraces ? try connection.first("SELECT COUNT(*) AS n FROM trace_info")?.int("n") : nil
            return SourceFacts(version: "schema \(version)", traces: traces.map { Int($0) })
        }
    }

    /// Reads, with errors that say which file they are about.
    func reading<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        do {
            return try await database.read(body)
        } catch {
            switch error.code {
            case .dataLoss where error.cause != nil:
                throw MartletError(.dataLoss, "'\(path)' is damaged: restore it from a backup.", cause: error)
            case .unavailable:
                throw Self.inUse(path, error)
            case .internal:
                throw MartletError(
                    .dataLoss,
                    "'\(path)' holds something unexpected\(error.cause == nil ? ": \(error.message)" : ".")",
                    cause: error
                )
            default: throw error
            }
        }
    }

    private static func opened(_ path: String, copy: String?) throws(MartletError) -> Database {
        do throws(MartletError) {
            if let copy { return try Database.open(path: copy + "/mlflow.db") }
            return try Database.openReadOnly(path: path)
        } catch  where error.code == .unavailable {
            throw inUse(path, error)
        }
    }

    private static func inUse(_ path: String, _ cause: MartletError) -> MartletError {
        MartletError(
            .unavailable,
            "'\(path)' cannot be read now, something else writes to it: stop the MLflow server, or import a copy.",
            cause: cause
        )
    }

    package func experiments() async throws -> [SourceItem<ImportedExperiment>] {
        try await reading { connection in
            let hasWorkspaces = try Self.columns(connection, "experiments").contains("workspace")
            var items: [SourceItem<ImportedExperiment>] = []
            for row in try connection.query("SELECT * FROM experiments ORDER BY experiment_id") {
                let name = row.optionalText("name") ?? "without a name"
                if hasWorkspaces, let space = row.optionalText("workspace"), space != "default" {
                    let reason = "it is in the workspace '\(space)'; only the workspace 'default' is imported."
                    items.append(.broken("experiment \(name)", MartletError(.unimplemented, reason)))
                    continue
                }
                items.append(SourceItem.reading("experiment \(name)") { try Self.experiment(connection, row) })
            }
            return items
        }
    }

    private static func experiment(_ connection: Connection, _ row: Row) throws -> ImportedExperiment {
        let number = try row.int("experiment_id")
        let tags = try connection.query(
            "SELECT key, value FROM experiment_tags WHERE experiment_id = ? ORDER BY key",
            [.integer(number)]
        )
        let updated = row.optionalTimestamp("last_update_time")
        let created = row.optionalTimestamp("creation_time") ?? updated ?? Timestamp(milliseconds: 0)
        return ImportedExperiment(
            id: String(number),
            name: try row.text("name"),
            lifecycle: row.optionalText("lifecycle_stage") == "deleted" ? .deleted : .active,
            creationTime: created,
            lastUpdateTime: updated ?? created,
            tags: try tags.map { Tag(key: try $0.text("key"), value: $0.optionalText("value") ?? "") }
        )
    }
}
