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
    ///   - limit: results of a page; never more than `TrackingLimits.loggedModelResults` come at once.
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
        try Self.checkLimit(limit, atMost: .max)
        let limit = Swift.min(limit, TrackingLimits.loggedModelResults)
        let search = try LoggedModelSearch(
            experiments: experimentIDs.map { try TrackingRules.experimentNumber($0) },
            filter: Self.comparisons(filter),
            datasets: datasets,
            order: order
        )
        let tokens = LoggedModelPageToken(experiments: experimentIDs, filter: filter, order: order)
        let reached = try token.map { try tokens.decode($0) }
        let page = KeysetPage(keys: search.keys, limit: limit, query: ["logged models", "\(datasets)"])
        return try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: "l.*",
                source: SQLFragment("logged_models l"),
                condition: search.condition,
                after: reached
            )
            return (try Self.loggedModels(connection, result.rows), result.nextToken.map(tokens.encode))
        }
    }

    /// The comparisons of a filter; errors begin as MLflow's do for logged models.
    private static func comparisons(_ filter: String?) throws(MartletError) -> [SearchComparison] {
        do {
            return try SearchFilter.parse(filter)
        } catch {
            throw MartletError(
                .invalidArgument,
                "Invalid filter string: '\((filter ?? "").prefix(200))'. \(error.message)"
            )
        }
    }

    /// Reads logged models from their rows and adds what belongs to them.
    static func loggedModels(_ connection: Connection, _ rows: [Row]) throws -> [LoggedModel] {
        let ids = try rows.map { try $0.text("model_id") }
        let tags = try belongings(connection, "logged_model_tags", ids, order: "tag_key") { row in
            Tag(key: try row.text("tag_key"), value: try row.text("tag_value"))
        }
        let params = try belongings(connection, "logged_model_params", ids, order: "param_key") { row in
            Param(key: try row.text("param_key"), value: try row.text("param_value"))
        }
        let order = "metric_key, metric_time, step, run_id, dataset_name"
        let metrics = try belongings(connection, "logged_model_metrics", ids, order: order, modelMetric)
        return try zip(rows, ids).map { row, id in
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
                tags: tags[id] ?? [],
                params: params[id] ?? [],
                metrics: metrics[id] ?? []
            )
        }
    }

    /// Reads the rows of a side table that belong to the given models, grouped by model.
    private static func belongings<Element>(
        _ connection: Connection,
        _ table: String,
        _ ids: [String],
        order: String,
        _ element: (Row) throws -> Element
    ) throws -> [String: [Element]] {
        var groups: [String: [Element]] = [:]
        var rest = ids[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(TrackingLimits.keysPerStatement)
            rest = rest.dropFirst(chunk.count)
            let condition = SQLFragment.isIn("model_id", chunk.map(SQLValue.text))
            let rows = try connection.query(
                "SELECT * FROM \(table) WHERE \(condition.sql) ORDER BY model_id, \(order)",
                condition.arguments
            )
            for row in rows { groups[try row.text("model_id"), default: []].append(try element(row)) }
        }
        return groups
    }

    private static func modelMetric(_ row: Row) throws -> LoggedModelMetric {
        let point = try metric(row, key: try row.text("metric_key"))
        let name = try row.text("dataset_name")
        let digest = try row.text("dataset_digest")
        return LoggedModelMetric(
            metric: Metric(
                key: point.key,
                value: point.value,
                timestamp: point.timestamp,
                step: point.step,
                modelID: try row.text("model_id"),
                datasetName: name.isEmpty ? nil : name,
                datasetDigest: digest.isEmpty ? nil : digest
            ),
            runID: try row.text("run_id")
        )
    }
}
