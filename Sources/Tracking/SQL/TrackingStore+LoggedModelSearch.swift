import Core
import Storage

/// Searches for logged models, and how rows become logged models.
extension TrackingStore {
    /// Finds active logged models.
    ///
    /// - Parameters:
    ///   - experimentIDs: where to look.
    ///   - filter: in the language of `SearchFilter`, such as `metrics.auc > 0.9 AND name LIKE 'cancer%'`.
    ///   - datasets: only metrics measured on one of these count; a nil digest stands for any.
    ///   - order: what to sort by; newest first if nothing is said.
    ///   - limit: results of a page, at most `TrackingLimits.loggedModelResults`.
    ///   - token: where the previous page ended.
    /// - Returns: a page of logged models, and the token of the next page if there is one.
    /// - Throws: `invalidArgument` naming what is wrong with the filter, the order, the limit or the token.
    package func searchLoggedModels(
        experimentIDs: [String],
        filter: String? = nil,
        datasets: [MeasuredDataset] = [],
        order: [LoggedModelOrder] = [],
        limit: Int = TrackingLimits.defaultLoggedModelResults,
        after token: String? = nil
    ) async throws -> (models: [LoggedModel], nextToken: String?) {
        try Self.checkLimit(limit, atMost: TrackingLimits.loggedModelResults)
        let search = try LoggedModelSearch(
            experiments: experimentIDs.map { try TrackingRules.experimentNumber($0) },
            filter: SearchFilter.parse(filter),
            datasets: datasets,
            order: order
        )
        let query = ["logged models", filter ?? "", "\(datasets)", "\(order)"] + experimentIDs
        let page = KeysetPage(keys: search.keys, limit: limit, query: query)
        return try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: "l.*",
                source: SQLFragment("logged_models l"),
                condition: search.condition,
                after: token
            )
            return (try Self.loggedModels(connection, result.rows), result.nextToken)
        }
    }

    /// Reads logged models from their rows and adds what belongs to them.
    static func loggedModels(_ connection: Connection, _ rows: [Row]) throws -> [LoggedModel] {
        try rows.map { row in
            let id = try row.text("model_id")
            guard let status = LoggedModel.Status(rawValue: try row.int("status")) else {
                throw MartletError(.dataLoss, "A logged model has an unknown status.")
            }
            return LoggedModel(
                id: id,
                experimentID: String(try row.int("experiment_id")),
                name: try row.text("name"),
                creationTime: try row.timestamp("creation_time"),
                lastUpdateTime: try row.timestamp("last_update_time"),
                artifactURI: try row.text("artifact_uri"),
                status: status,
                modelType: try row.text("model_type"),
                sourceRunID: row.optionalText("source_run_id"),
                lifecycle: try lifecycle(row),
                tags: try pairs(connection, "tag", id).map { Tag(key: $0, value: $1) },
                params: try pairs(connection, "param", id).map { Param(key: $0, value: $1) },
                metrics: try modelMetrics(connection, id)
            )
        }
    }

    private static func pairs(_ connection: Connection, _ what: String, _ id: String) throws -> [(String, String)] {
        let rows = try connection.query(
            "SELECT \(what)_key AS k, \(what)_value AS v FROM logged_model_\(what)s WHERE model_id = ? ORDER BY \(what)_key",
            [.text(id)]
        )
        return try rows.map { (try $0.text("k"), try $0.text("v")) }
    }

    private static func modelMetrics(_ connection: Connection, _ id: String) throws -> [LoggedModelMetric] {
        let rows = try connection.query(
            """
            SELECT * FROM logged_model_metrics WHERE model_id = ?
            ORDER BY metric_key, metric_time, step, run_id, dataset_name LIMIT ?
            """,
            [.text(id), .int(TrackingLimits.historyPoints)]
        )
        return try rows.map { row in
            let point = try metric(row, key: try row.text("metric_key"))
            let name = try row.text("dataset_name")
            let digest = try row.text("dataset_digest")
            return LoggedModelMetric(
                metric: Metric(
                    key: point.key,
                    value: point.value,
                    timestamp: point.timestamp,
                    step: point.step,
                    modelID: id,
                    datasetName: name.isEmpty ? nil : name,
                    datasetDigest: digest.isEmpty ? nil : digest
                ),
                runID: try row.text("run_id")
            )
        }
    }
}
