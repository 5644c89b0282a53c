package import Core
import Storage

/// What is logged to a run: metrics, params, tags.
extension TrackingStore {
    /// Logs metrics, params and tags to an active run: all of them or, on any error, none.
    ///
    /// A point that is there already is ignored. A param may be logged again with the same value only. Of two tags
    /// with one key the last wins.
    ///
    /// - Throws: `invalidArgument` past the limits of `TrackingLimits`, for an invalid key or a changed param;
    ///   `notFound` for the run or a metric's logged model.
    package func logBatch(
        runID: String,
        metrics: [Metric] = [],
        params: [Param] = [],
        tags: [Tag] = []
    ) async throws {
        try TrackingRules.checkRunID(runID)
        try Self.checkCounts(metrics.count, params.count, tags.count)
        for (index, metric) in metrics.enumerated() where !TrackingRules.isUsual(metric) {
            try TrackingRules.check(metric, "metrics[\(index)].")
        }
        for (index, param) in params.enumerated() {
            try TrackingRules.checkKey(param.key, "params[\(index)].key", "Param key")
        }
        for (index, tag) in tags.enumerated() { try TrackingRules.checkKey(tag.key, "tags[\(index)].key") }
        try Self.checkUnique(params)
        let keys = metricKeys
        let fresh = try await changeRun(runID) { connection, number in
            try Self.putParams(connection, number, runID, params.map(Self.cut))
            let fresh = try Self.putMetrics(connection, number, runID, metrics, keys)
            for tag in tags { try Self.putTag(connection, number, Self.cut(tag)) }
            return fresh
        }
        keys.remember(fresh)
    }

    /// Logs one point of a metric.
    ///
    /// - Throws: as `logBatch`.
    package func logMetric(runID: String, _ metric: Metric) async throws {
        try TrackingRules.check(metric, "")
        let keys = metricKeys
        let fresh = try await changeRun(runID) { connection, number in
            try Self.putMetrics(connection, number, runID, [metric], keys)
        }
        keys.remember(fresh)
    }

    /// Logs a param.
    ///
    /// - Throws: as `logBatch`.
    package func logParam(runID: String, _ param: Param) async throws {
        try TrackingRules.checkKey(param.key, "key", "Param key")
        try await changeRun(runID) { connection, number in
            try Self.putParam(connection, number, runID, Self.cut(param))
        }
    }

    /// Sets a tag.
    ///
    /// - Throws: as `logBatch`.
    package func setTag(runID: String, _ tag: Tag) async throws {
        try TrackingRules.checkKey(tag.key, "key")
        try await changeRun(runID) { connection, number in
            try Self.putTag(connection, number, Self.cut(tag))
        }
    }

    /// Deletes a tag.
    ///
    /// - Throws: `notFound` for the run or the tag.
    package func deleteTag(runID: String, key: String) async throws {
        try await changeRun(runID) { connection, number in
            let deleted = try connection.execute(
                "DELETE FROM run_tags WHERE run_number = ? AND tag_key = ?",
                [.integer(number), .text(key)]
            )
            guard deleted > 0 else {
                throw MartletError(.notFound, "No tag with name: \(key) in run with id \(runID)")
            }
        }
    }

    /// Appends a description of a model to the run's tag `mlflow.log-model.history` (clients before version 3).
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func appendLoggedModel(runID: String, _ description: JSONValue) async throws {
        try await changeRun(runID) { connection, number in
            let row = try connection.first(
                "SELECT tag_value FROM run_tags WHERE run_number = ? AND tag_key = ?",
                [.integer(number), .text(TagKey.loggedModels)]
            )
            let earlier = try row.map { try JSONValue.parse($0.text("tag_value")).arrayValue ?? [] } ?? []
            let history = PythonJSON.text(.array(earlier + [description]))
            try TrackingRules.checkLength(history, atMost: TrackingLimits.modelHistoryCharacters, TagKey.loggedModels)
            try Self.putTag(connection, number, Tag(key: TagKey.loggedModels, value: history))
        }
    }

    private static func checkCounts(_ metrics: Int, _ params: Int, _ tags: Int) throws(MartletError) {
        let counts = [
            ("metrics", metrics, TrackingLimits.batchMetrics), ("params", params, TrackingLimits.batchParams),
            ("tags", tags, TrackingLimits.batchTags),
        ]
        for (what, count, limit) in counts where count > limit {
            throw MartletError(
                .invalidArgument,
                "A batch logging request can contain at most \(limit) \(what). Got \(count) \(what). Please split up "
                    + "\(what) across multiple requests and try again."
            )
        }
        let total = metrics + params + tags
        guard total <= TrackingLimits.batchItems else {
            throw MartletError(
                .invalidArgument,
                "A batch logging request can contain at most \(TrackingLimits.batchItems) metrics, params, and tags. Got "
                    + "\(total) metrics, params, and tags. Please split up metrics, params, and tags across multiple "
                    + "requests and try again."
            )
        }
    }

    private static func checkUnique(_ params: [Param]) throws(MartletError) {
        var keys: Set<String> = []
        let repeated = params.map(\.key).filter { !keys.insert($0).inserted }
        guard repeated.isEmpty else {
            let list = repeated.map { "'\($0)'" }.joined(separator: ", ")
            throw MartletError(
                .invalidArgument,
                "Duplicate parameter keys have been submitted: [\(list)]. Please ensure the request contains only one "
                    + "param value per param key."
            )
        }
    }

    /// The tag with its value cut to what is stored.
    static func cut(_ tag: Tag) -> Tag {
        Tag(key: tag.key, value: TrackingRules.cut(tag.value, to: TrackingLimits.tagValueCharacters))
    }

    private static func cut(_ param: Param) -> Param {
        Param(key: param.key, value: TrackingRules.cut(param.value, to: TrackingLimits.paramValueCharacters))
    }

    /// Stores a param unless it is there already, and returns the value that is there.
    private static func storeParam(_ connection: Connection, _ number: Int64, _ param: Param) throws -> String {
        let inserted = try connection.execute(
            """
            INSERT INTO run_params (run_number, param_key, param_value) VALUES (?, ?, ?)
            ON CONFLICT (run_number, param_key) DO NOTHING
            """,
            [.integer(number), .text(param.key), .text(param.value)]
        )
        if inserted > 0 { return param.value }
        let row = try connection.first(
            "SELECT param_value FROM run_params WHERE run_number = ? AND param_key = ?",
            [.integer(number), .text(param.key)]
        )
        return try row?.text("param_value") ?? ""
    }

    private static func putParam(_ connection: Connection, _ number: Int64, _ runID: String, _ param: Param) throws {
        let stored = try storeParam(connection, number, param)
        guard stored == param.value else {
            throw MartletError(
                .invalidArgument,
                "Changing param values is not allowed. Param with key='\(param.key)' was already logged with "
                    + "value='\(stored.prefix(200))' for run ID='\(runID)'. Attempted logging new value "
                    + "'\(param.value.prefix(200))'."
            )
        }
    }

    private static func putParams(_ connection: Connection, _ number: Int64, _ runID: String, _ params: [Param]) throws
    {
        var changed: [String] = []
        for param in params {
            let stored = try storeParam(connection, number, param)
            guard stored != param.value else { continue }
            changed.append(
                "{'key': '\(param.key)', 'old_value': '\(stored.prefix(200))', 'new_value': '\(param.value.prefix(200))'}"
            )
        }
        guard changed.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "Changing param values is not allowed. Params were already logged='[\(changed.joined(separator: ", "))]' "
                    + "for run ID='\(runID)'."
            )
        }
    }

    /// Sets a tag; the tag `mlflow.runName` and the run's name are one thing.
    static func putTag(_ connection: Connection, _ number: Int64, _ tag: Tag) throws {
        try connection.execute(
            """
            INSERT INTO run_tags (run_number, tag_key, tag_value) VALUES (?, ?, ?)
            ON CONFLICT (run_number, tag_key) DO UPDATE SET tag_value = excluded.tag_value
            """,
            [.integer(number), .text(tag.key), .text(tag.value)]
        )
        guard tag.key == TagKey.runName else { return }
        try connection.execute(
            "UPDATE runs SET run_name = ? WHERE run_number = ?",
            [.text(tag.value), .integer(number)]
        )
    }
}
