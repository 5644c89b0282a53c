import Core
import Storage

/// Searches for registered models and versions.
extension RegistryStore {
    /// Finds registered models; MLflow's prompts only if the filter asks for them.
    ///
    /// - Parameters:
    ///   - filter: in the language of `SearchFilter`, such as `name LIKE 'cancer%' AND tags.team = 'red'`.
    ///   - order: entries such as `name DESC`; by name if there are none.
    ///   - limit: results of a page, at most `RegistryLimits.modelResults`.
    ///   - token: where the previous page ended.
    /// - Returns: a page of models, and the token of the next page if there is one.
    /// - Throws: `invalidArgument` naming what is wrong with the filter, the order, the limit or the token.
    package func searchModels(
        filter: String? = nil,
        order: [String] = [],
        limit: Int = RegistryLimits.defaultModelResults,
        after token: String? = nil
    ) async throws -> (models: [RegisteredModel], nextToken: String?) {
        try Self.checkLimit(limit, atMost: RegistryLimits.modelResults)
        let search = try RegistrySearch(models: SearchFilter.parse(filter), order: SearchOrder.parse(order))
        let page = KeysetPage(keys: search.keys, limit: limit, query: ["models", filter ?? ""])
        return try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: "m.*",
                source: SQLFragment("registered_models m"),
                condition: search.condition,
                after: token
            )
            return (try Self.models(connection, result.rows), result.nextToken)
        }
    }

    /// Finds versions; those of MLflow's prompts only if the filter asks for them.
    ///
    /// - Parameters:
    ///   - filter: in the language of `SearchFilter`, such as `name = 'cancer' AND version_number > 3`.
    ///   - order: entries such as `version_number DESC`; last changed first if there are none.
    ///   - limit: results of a page, at most `RegistryLimits.versionResults`.
    ///   - token: where the previous page ended.
    /// - Returns: a page of versions, and the token of the next page if there is one.
    /// - Throws: `invalidArgument` naming what is wrong with the filter, the order, the limit or the token.
    package func searchVersions(
        filter: String? = nil,
        order: [String] = [],
        limit: Int = RegistryLimits.versionResults,
        after token: String? = nil
    ) async throws -> (versions: [ModelVersion], nextToken: String?) {
        try Self.checkLimit(limit, atMost: RegistryLimits.versionResults)
        let search = try RegistrySearch(versions: SearchFilter.parse(filter), order: SearchOrder.parse(order))
        let page = KeysetPage(keys: search.keys, limit: limit, query: ["versions", filter ?? ""])
        return try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: Self.versionColumns,
                source: SQLFragment(Self.versionSource),
                condition: search.condition,
                after: token
            )
            return (try Self.versions(connection, result.rows), result.nextToken)
        }
    }

    private static func checkLimit(_ limit: Int, atMost maximum: Int) throws(MartletError) {
        guard (1...maximum).contains(limit) else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \(limit) for parameter 'max_results' supplied: It must be between 1 and \(maximum)."
            )
        }
    }
}
