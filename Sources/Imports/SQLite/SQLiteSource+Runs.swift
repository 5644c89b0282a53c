import Core
import Storage
package import Tracking

/// Runs and the histories of their metrics in MLflow's tables.
extension SQLiteSource {
    /// A page of an experiment's runs.
    package func runs(of experiment: String, after token: String?) async throws -> SourcePage<SourceRun> {
        let last = token.flatMap { Int64($0) } ?? 0
        guard let number = Int64(experiment) else { return SourcePage(items: [], next: nil) }
        let locator = locator
        return try await reading { connection in
            let rows = try connection.query(
                "SELECT rowid AS row_number, * FROM runs WHERE experiment_id = ? AND rowid > ? ORDER BY rowid LIMIT ?",
                [.integer(number), .integer(last), .int(ImportsLimits.pageItems)]
            )
            let side = try SideTables(connection, try rows.map { try $0.text("run_uuid") })
            let items = rows.map { row in
                SourceItem.reading("run \(row.optionalText("run_uuid") ?? "")") {
                    try Self.run(row, experiment, side, locator)
                }
            }
            let isLast = rows.count < ImportsLimits.pageItems
            return SourcePage(items: items, next: isLast ? nil : try rows.last.map { String(try $0.int("row_number")) })
        }
    }

    /// What belongs to the runs of a page, by run.
    struct SideTables {
        var params: [String: [Param]] = [:]
        var tags: [String: [Tag]] = [:]
        var metrics: [String: [(key: String, state: String)]] = [:]
        var datasets: [String: [DatasetInput]] = [:]
        var modelInputs: [String: [String]] = [:]
        var modelOutputs: [String: [ModelOutput]] = [:]

        init(_ connection: Connection, _ ids: [String]) throws {
            let chosen = SQLFragment.isIn("run_uuid", ids.map(SQLValue.text))
            func rows(_ table: String) throws -> [Row] {
                try connection.query("SELECT * FROM \(table) WHERE \(chosen.sql) ORDER BY key", chosen.arguments)
            }
            for row in try rows("params") {
                let param = Param(key: try row.text("key"), value: row.optionalText("value") ?? "")
                params[try row.text("run_uuid"), default: []].append(param)
            }
            for row in try rows("tags") {
                let tag = Tag(key: try row.text("key"), value: row.optionalText("value") ?? "")
                tags[try row.text("run_uuid"), default: []].append(tag)
            }
            for row in try rows("latest_metrics") {
                let state = "\(row["key"])|\(row["step"])|\(row["timestamp"])|\(row["value"])|\(row["is_nan"])"
                metrics[try row.text("run_uuid"), default: []].append((try row.text("key"), state))
            }
            try readDatasets(connection, ids)
            try readModels(connection, ids)
        }

        private mutating func readDatasets(_ connection: Connection, _ ids: [String]) throws {
            // Tables of version 2.4.
            guard try !SQLiteSource.columns(connection, "inputs").isEmpty else { return }
            let chosen = SQLFragment.isIn("i.destination_id", ids.map(SQLValue.text))
            let tagRows = try connection.query(
                """
                SELECT t.* FROM input_tags t JOIN inputs i ON i.input_uuid = t.input_uuid
                WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND \(chosen.sql) ORDER BY t.name
                """,
                chosen.arguments
            )
            var tags: [String: [Tag]] = [:]
            for row in tagRows {
                let tag = Tag(key: try row.text("name"), value: row.optionalText("value") ?? "")
                tags[try row.text("input_uuid"), default: []].append(tag)
            }
            let rows = try connection.query(
                """
                SELECT i.input_uuid, i.destination_id, d.* FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
                WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND \(chosen.sql) ORDER BY i.rowid
                """,
                chosen.arguments
            )
            for row in rows {
                datasets[try row.text("destination_id"), default: []].append(
                    DatasetInput(
                        name: try row.text("name"),
                        digest: try row.text("digest"),
                        sourceType: row.optionalText("dataset_source_type") ?? "",
                        source: row.optionalText("dataset_source") ?? "",
                        schema: row.optionalText("dataset_schema"),
                        profile: row.optionalText("dataset_profile"),
                        tags: tags[try row.text("input_uuid")] ?? []
                    )
                )
            }
        }

        private mutating func readModels(_ connection: Connection, _ ids: [String]) throws {
            // The column of version 3.0.
            guard try SQLiteSource.columns(connection, "inputs").contains("step") else { return }
            let chosen = SQLFragment.isIn("source_id", ids.map(SQLValue.text))
            let rows = try connection.query(
                """
                SELECT * FROM inputs WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND \(chosen.sql) ORDER BY rowid
                """,
                chosen.arguments
            )
            for row in rows {
                let (run, model) = (try row.text("source_id"), try row.text("destination_id"))
                if try row.text("source_type") == "RUN_INPUT" {
                    modelInputs[run, default: []].append(model)
                } else {
                    let output = ModelOutput(modelID: model, step: row.optionalInt("step") ?? 0)
                    modelOutputs[run, default: []].append(output)
                }
            }
        }
    }

    private static func run(
        _ row: Row,
        _ experiment: String,
        _ side: SideTables,
        _ locator: ArtifactLocator
    ) throws -> SourceRun {
        let id = try row.text("run_uuid")
        let tags = side.tags[id] ?? []
        guard let status = RunStatus(rawValue: row.optionalText("status") ?? "RUNNING") else {
            throw MartletError(.dataLoss, "The run has the unknown status '\(row.optionalText("status") ?? "")'.")
        }
        let name = row.optionalText("name").flatMap { $0.isEmpty ? nil : $0 }
        let place = locator.place(
            row.optionalText("artifact_uri") ?? "",
            tail: [experiment, id, "artifacts"]
        )
        let metrics = side.metrics[id] ?? []
        let run = ImportedRun(
            id: id,
            name: name ?? tags.first { $0.key == "mlflow.runName" }?.value ?? "",
            userID: row.optionalText("user_id") ?? "",
            status: status,
            startTime: row.optionalTimestamp("start_time") ?? Timestamp(milliseconds: 0),
            endTime: row.optionalTimestamp("end_time"),
            lifecycle: row.optionalText("lifecycle_stage") == "deleted" ? .deleted : .active,
            deletedTime: row.optionalTimestamp("deleted_time"),
            foreignArtifactURI: place.foreignURI,
            params: side.params[id] ?? [],
            tags: tags,
            datasets: side.datasets[id] ?? [],
            modelInputs: side.modelInputs[id] ?? [],
            modelOutputs: side.modelOutputs[id] ?? []
        )
        return SourceRun(
            run: run,
            metricKeys: metrics.map(\.key),
            fingerprint: Fingerprint.of(run, metrics: metrics.map(\.state)),
            place: place
        )
    }

    /// The points of every metric of a run, in batches.
    package func points(of run: SourceRun, _ take: (_ batch: [Metric]) async throws -> Void) async throws {
        var last: Int64 = 0
        while true {
            let (id, after) = (run.run.id, last)
            let (batch, end) = try await reading { connection -> ([Metric], Int64?) in
                let rows = try connection.query(
                    """
                    SELECT rowid AS row_number, key, value, timestamp, step, is_nan FROM metrics
                    WHERE run_uuid = ? AND rowid > ? ORDER BY rowid LIMIT ?
                    """,
                    [.text(id), .integer(after), .int(ImportsLimits.pagePoints)]
                )
                let points = try rows.map { row in
                    Metric(
                        key: try row.text("key"),
                        value: try row.bool("is_nan") ? .nan : try row.double("value"),
                        timestamp: try row.timestamp("timestamp"),
                        step: try row.int("step")
                    )
                }
                let isLast = rows.count < ImportsLimits.pagePoints
                return (points, isLast ? nil : try rows.last?.int("row_number"))
            }
            if !batch.isEmpty { try await take(batch) }
            guard let end else { return }
            last = end
        }
    }
}

extension SourcePlace {
    /// The URI of files that stay in an object store.
    var foreignURI: String? {
        if case .elsewhere(let uri) = self { uri } else { nil }
    }
}
