import Core
import Storage

/// Searches for experiments and runs.
extension TrackingStore {
    /// Finds experiments.
    ///
    /// - Parameters:
    ///   - filter: in the language of `SearchFilter`; nil for all.
    ///   - view: deleted ones, others, or both.
    ///   - order: entries such as `name ASC`; newest first if there are none.
    ///   - limit: results of a page, at most `TrackingLimits.searchResults`.
    ///   - token: where the previous page ended.
    /// - Returns: a page of experiments, and the token of the next page if there is one.
    /// - Throws: `invalidArgument` naming what is wrong with the filter, the order, the limit or the token.
    package func searchExperiments(
        filter: String? = nil,
        view: Lifecycle.View = .activeOnly,
        order: [String] = [],
        limit: Int = TrackingLimits.defaultSearchResults,
        after token: String? = nil
    ) async throws -> (experiments: [Experiment], nextToken: String?) {
        try Self.checkLimit(limit, atMost: TrackingLimits.searchResults)
        let search = try ExperimentSearch(
            view: view,
            filter: SearchFilter.parse(filter),
            order: SearchOrder.parse(order)
        )
        let page = KeysetPage(keys: search.keys, limit: limit, query: ["experiments", filter ?? "", "\(view)"])
        return try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: "e.*",
                source: SQLFragment("experiments e"),
                condition: search.condition,
                after: token
            )
            return (try Self.experiments(connection, result.rows), result.nextToken)
        }
    }

    /// Finds runs.
    ///
    /// - Parameters:
    ///   - experimentIDs: where to look; unknown ones are empty.
    ///   - filter: in the language of `SearchFilter`, such as `metrics.auc > 0.9 AND params.depth = '4'`.
    ///   - view: deleted ones, others, or both.
    ///   - order: entries such as `metrics.auc DESC`; newest first if there are none.
    ///   - limit: results of a page, at most `TrackingLimits.searchResults`.
    ///   - token: where the previous page ended.
    /// - Returns: a page of runs, and the token of the next page if there is one.
    /// - Throws: `invalidArgument` naming what is wrong with the filter, the order, the limit or the token.
    package func searchRuns(
        experimentIDs: [String],
        filter: String? = nil,
        view: Lifecycle.View = .activeOnly,
        order: [String] = [],
        limit: Int = TrackingLimits.defaultSearchResults,
        after token: String? = nil
    ) async throws -> (runs: [Run], nextToken: String?) {
        try Self.checkLimit(limit, atMost: TrackingLimits.searchResults)
        guard experimentIDs.count <= TrackingLimits.searchExperiments else {
            throw MartletError(
                .invalidArgument,
                "A search may name at most \(TrackingLimits.searchExperiments) experiments. Got \(experimentIDs.count)."
            )
        }
        let search = try RunSearch(
            experiments: experimentIDs.map { try TrackingRules.experimentNumber($0) },
            view: view,
            filter: SearchFilter.parse(filter),
            order: SearchOrder.parse(order)
        )
        let query = ["runs", filter ?? "", "\(view)", order.joined(separator: "\n")] + experimentIDs
        let page = KeysetPage(keys: search.keys, limit: limit, query: query)
        let keys = metricKeys
        return try await readFolded { connection in
            let result = try page.rows(connection, columns: "r.*", parts: search.parts, after: token)
            return (try Self.runs(connection, result.rows, keys), result.nextToken)
        }
    }

    static func checkLimit(_ limit: Int, atMost maximum: Int) throws(MartletError) {
        guard (1...maximum).contains(limit) else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \(limit) for parameter 'max_results' supplied. It must be "
                    + (limit < 1 ? "a positive integer" : "at most \(maximum)")
            )
        }
    }
}
