package import Artifacts
package import Core
package import Storage

/// Removing things for good: rows and marks in one transaction, files afterwards by whoever asked.
extension TrackingStore {
    /// Something deleted that may be removed for good.
    package struct Deleted: Sendable, Equatable {
        /// What it is.
        package enum Kind: String, Sendable {
            case experiment, run, loggedModel
        }

        /// What it is.
        package let kind: Kind
        /// Its id.
        package let id: String
        /// Its experiment's id.
        package let experimentID: String
        /// When it was deleted.
        package let time: Timestamp
        /// The folder of its files in the store; nil if they lie elsewhere, and for experiments.
        package let folder: ArtifactPath?
    }

    /// Things whose rows one transaction removes, so that writers in between do not wait long.
    private static let purgedAtOnce = 50

    /// Says of everything deleted at an unknown time that it was deleted now: its age counts from here.
    package func stampDeletions() async throws {
        let now = clock.now
        try await database.write { connection in
            for table in ["experiments", "runs"] {
                try connection.execute(
                    "UPDATE \(table) SET deleted_time = ? WHERE lifecycle_stage = ? AND deleted_time IS NULL",
                    [.integer(now.milliseconds), .text(Lifecycle.deleted.rawValue)]
                )
            }
        }
    }

    /// Runs, logged models and experiments that were deleted at `limit` or earlier, in this order.
    ///
    /// The logged models of a deleted experiment are deleted with it.
    package func deleted(until limit: Timestamp) async throws -> [Deleted] {
        let arguments: [SQLValue] = [.text(Lifecycle.deleted.rawValue), .integer(limit.milliseconds)]
        return try await database.read { connection in
            let runs = try connection.query(
                """
                SELECT run_id AS id, experiment_id, deleted_time, artifact_uri FROM runs
                WHERE lifecycle_stage = ? AND deleted_time <= ? ORDER BY run_number
                """,
                arguments
            )
            let models = try connection.query(
                """
                SELECT l.model_id AS id, l.experiment_id, l.last_update_time AS deleted_time, l.artifact_uri
                FROM logged_models l WHERE l.lifecycle_stage = ? AND l.last_update_time <= ?
                UNION
                SELECT l.model_id, l.experiment_id, e.deleted_time, l.artifact_uri FROM logged_models l
                JOIN experiments e ON e.experiment_id = l.experiment_id
                WHERE e.lifecycle_stage = ? AND e.deleted_time <= ?
                ORDER BY 1
                """,
                arguments + arguments
            )
            let experiments = try connection.query(
                """
                SELECT experiment_id, deleted_time FROM experiments
                WHERE lifecycle_stage = ? AND deleted_time <= ? AND experiment_id <> 0 ORDER BY experiment_id
                """,
                arguments
            )
            return try runs.map { try Self.deleted($0, .run) } + models.map { try Self.deleted($0, .loggedModel) }
                + experiments.map { try Self.deleted($0, .experiment) }
        }
    }

    private static func deleted(_ row: Row, _ kind: Deleted.Kind) throws -> Deleted {
        let experiment = String(try row.int("experiment_id"))
        let id = kind == .experiment ? experiment : try row.text("id")
        return Deleted(
            kind: kind,
            id: id,
            experimentID: experiment,
            time: try row.timestamp("deleted_time"),
            folder: row.optionalText("artifact_uri").flatMap { ownFolder($0, id: id) }
        )
    }

    /// The folder that belongs to a run or logged model alone: in our layout the one above `artifacts`.
    private static func ownFolder(_ uri: String, id: String) -> ArtifactPath? {
        guard let path = ArtifactURI.path(of: uri), !path.isRoot else { return nil }
        return path.name == "artifacts" && path.parent.name == id ? path.parent : path
    }

    /// Removes the rows of what is still deleted, old enough and not needed, and marks its folders for removal.
    ///
    /// `needed` says in the transaction which folders something else needs. What comes back was removed.
    package func purge(
        _ things: [Deleted],
        until limit: Timestamp,
        needed: @escaping @Sendable (Connection) throws -> @Sendable (ArtifactPath) -> Bool
    ) async throws -> [Deleted] {
        var purged: [Deleted] = []
        var rest = things[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(Self.purgedAtOnce))
            rest = rest.dropFirst(chunk.count)
            let now = clock.now
            purged += try await database.write { connection in
                let isNeeded = try needed(connection)
                return try chunk.filter { thing in
                    if let folder = thing.folder, isNeeded(folder) { return false }
                    guard try Self.purge(connection, thing, limit) else { return false }
                    if let folder = thing.folder { try Self.mark(connection, folder, now) }
                    return true
                }
            }
        }
        return purged
    }

    private static func mark(_ connection: Connection, _ folder: ArtifactPath, _ now: Timestamp) throws {
        try connection.execute(
            """
            INSERT INTO artifact_removals (artifact_path, marked_time) VALUES (?, ?)
            ON CONFLICT (artifact_path) DO NOTHING
            """,
            [.text(folder.description), .integer(now.milliseconds)]
        )
    }

    /// Removes a thing's rows; false if it was restored, is too young or still holds something.
    private static func purge(_ connection: Connection, _ thing: Deleted, _ limit: Timestamp) throws -> Bool {
        let state: [SQLValue] = [.text(Lifecycle.deleted.rawValue), .integer(limit.milliseconds)]
        switch thing.kind {
        case .run:
            let row = try connection.first(
                "SELECT run_number FROM runs WHERE run_id = ? AND lifecycle_stage = ? AND deleted_time <= ?",
                [.text(thing.id)] + state
            )
            guard let row else { return false }
            try purge(connection, runNumber: row.int("run_number"))
        case .loggedModel:
            let row = try connection.first(
                """
                SELECT l.model_id FROM logged_models l JOIN experiments e ON e.experiment_id = l.experiment_id
                WHERE l.model_id = ? AND ((l.lifecycle_stage = ? AND l.last_update_time <= ?)
                    OR (e.lifecycle_stage = ? AND e.deleted_time <= ?))
                """,
                [.text(thing.id)] + state + state
            )
            guard row != nil else { return false }
            for table in ["logged_model_metrics", "logged_model_params", "logged_model_tags", "logged_models"] {
                try connection.execute("DELETE FROM \(table) WHERE model_id = ?", [.text(thing.id)])
            }
        case .experiment: return try purgeExperiment(connection, thing, state)
        }
        return true
    }

    private static func purgeExperiment(
        _ connection: Connection,
        _ thing: Deleted,
        _ state: [SQLValue]
    ) throws -> Bool {
        let number = SQLValue.integer(try TrackingRules.experimentNumber(thing.id))
        let row = try connection.first(
            "SELECT name FROM experiments WHERE experiment_id = ? AND lifecycle_stage = ? AND deleted_time <= ?",
            [number] + state
        )
        guard row != nil else { return false }
        for table in ["runs", "logged_models"] {
            let held = try connection.first(
                "SELECT experiment_id FROM \(table) WHERE experiment_id = ? LIMIT 1",
                [number]
            )
            guard held == nil else { return false }
        }
        for table in ["input_datasets", "experiment_tags", "experiments"] {
            try connection.execute("DELETE FROM \(table) WHERE experiment_id = ?", [number])
        }
        return true
    }

    /// The folders whose rows are gone and whose files are still to be removed.
    package func artifactRemovals() async throws -> [ArtifactPath] {
        try await database.read { connection in
            try connection.query("SELECT artifact_path FROM artifact_removals ORDER BY artifact_path").map { row in
                try ArtifactPath(validating: row.text("artifact_path"))
            }
        }
    }

    /// Notes that the files of a folder are gone.
    package func removed(_ folder: ArtifactPath) async throws {
        try await database.write { connection in
            _ = try connection.execute(
                "DELETE FROM artifact_removals WHERE artifact_path = ?",
                [.text(folder.description)]
            )
        }
    }

    /// The artifact URIs of all runs and logged models, deleted ones too.
    package func artifactURIs() async throws -> [String] {
        try await database.read { connection in
            try connection.query("SELECT artifact_uri FROM runs UNION SELECT artifact_uri FROM logged_models").map {
                try $0.text("artifact_uri")
            }
        }
    }

    /// Tables of what belongs to a run, in an order that breaks no reference.
    private static let runTables = [
        "metric_tail", "metrics", "latest_metrics", "run_params", "run_tags", "run_dataset_tags", "run_datasets",
        "run_model_inputs",
        "run_model_outputs", "runs",
    ]

    /// Removes the rows of a run whose import failed.
    package func abandonImport(run id: String) async throws {
        try await database.write { connection in
            guard let row = try connection.first("SELECT run_number FROM runs WHERE run_id = ?", [.text(id)]) else {
                return
            }
            try Self.purge(connection, runNumber: row.int("run_number"))
        }
    }

    /// Removes a run with everything that belongs to it, except its files.
    static func purge(_ connection: Connection, runNumber: Int64) throws {
        for table in runTables {
            try connection.execute("DELETE FROM \(table) WHERE run_number = ?", [.integer(runNumber)])
        }
    }
}
