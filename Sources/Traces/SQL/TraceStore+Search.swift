import Core
import Storage

/// Searches.
extension TraceStore {
    /// Finds traces.
    ///
    /// - Parameters:
    ///   - experimentIDs: where to look; unknown ones are empty.
    ///   - filter: in the language of `SearchFilter`, such as `status = 'ERROR' AND tags.env = 'prod'`.
    ///   - order: entries such as `execution_time_ms DESC`; newest first if there are none.
    ///   - limit: results of a page, at most `TracesLimits.searchResults`.
    ///   - token: where the previous page ended.
    /// - Returns: a page of traces, and a token whenever the page is full: the next one may be empty.
    /// - Throws: `invalidArgument` naming what is wrong with the filter, the order, the limit or the token.
    package func search(
        experimentIDs: [String],
        filter: String? = nil,
        order: [String] = [],
        limit: Int = TracesLimits.defaultSearchResults,
        after token: String? = nil
    ) async throws -> (traces: [TraceInfo], nextToken: String?) {
        guard (1...TracesLimits.searchResults).contains(limit) else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \(limit) for parameter 'max_results' supplied: It must be between 1 and "
                    + "\(TracesLimits.searchResults)."
            )
        }
        guard experimentIDs.count <= TracesLimits.searchExperiments else {
            throw MartletError(
                .invalidArgument,
                "A search may name at most \(TracesLimits.searchExperiments) experiments. Got \(experimentIDs.count)."
            )
        }
        let experiments = try experimentIDs.map { id throws(MartletError) in
            guard let number = Int64(id) else {
                throw MartletError(.invalidArgument, "Invalid experiment ID: '\(id.prefix(80))'.")
            }
            return number
        }
        let search = try TraceSearch(
            experiments: experiments,
            filter: SearchFilter.parse(filter),
            order: SearchOrder.parse(order)
        )
        let query = ["traces", filter ?? "", order.joined(separator: "\n")] + experimentIDs
        return try await database.read { connection in
            let page = try Self.page(connection, search, limit: limit, query: query, after: token)
            let numbers = try page.rows.map { try $0.int("trace_number") }
            return (try Self.infos(connection, numbers: numbers), page.nextToken)
        }
    }

    private static func page(
        _ connection: Connection,
        _ search: TraceSearch,
        limit: Int,
        query: [String],
        after token: String?
    ) throws -> (rows: [Row], nextToken: String?) {
        let size = search.tests.isEmpty ? limit : TracesLimits.candidateTraces
        let page = KeysetPage(keys: search.keys, limit: size, query: query)
        var rows: [Row] = []
        var next = token
        var budget = TracesLimits.patternSteps
        repeat {
            let candidates = try page.rows(
                connection,
                columns: "t.trace_number",
                source: search.source,
                condition: search.condition,
                after: next
            )
            rows += try passing(connection, candidates.rows, search.tests, &budget)
            next = candidates.nextToken
        } while rows.count < limit && next != nil
        guard rows.count >= limit else { return (rows, nil) }
        return (Array(rows.prefix(limit)), try page.token(at: rows[limit - 1]))
    }

    /// Those of some traces that pass all tests.
    private static func passing(
        _ connection: Connection,
        _ rows: [Row],
        _ tests: [TraceSearch.RowTest],
        _ budget: inout Int
    ) throws -> [Row] {
        var rows = rows
        for test in tests where !rows.isEmpty {
            let numbers = try rows.map { try $0.int("trace_number") }
            var passing: Set<Int64> = []
            let found = try inChunks(numbers) { chunk in
                try connection.query(
                    test.query.sql + " IN (\(SQLFragment.placeholders(chunk.count)))",
                    test.query.arguments + chunk.map(SQLValue.integer)
                )
            }
            for row in found {
                let number = try row.int("trace_number")
                if !passing.contains(number), try test.passes(row, &budget) { passing.insert(number) }
            }
            rows = try rows.filter { try passing.contains($0.int("trace_number")) }
        }
        return rows
    }
}
