import Core
import Storage
import TestSupport
import Testing
import Tracking

/// How searches for runs are carried out: along an index where the marks need it, and with the right answer always.
@Suite struct RunSearchPlanTests {
    private static func plan(
        _ filter: String?,
        _ order: [String],
        after values: [SQLValue]? = nil
    ) async throws -> [String] {
        let database = try Database.inMemory()
        try await database.migrate(TrackingStore.migrations)
        let search = try RunSearch(
            experiments: [1],
            view: .activeOnly,
            filter: SearchFilter.parse(filter),
            order: SearchOrder.parse(order)
        )
        let page = KeysetPage(keys: search.keys, limit: 100, query: [])
        return try await database.read { connection in
            try search.parts.compactMap { part in
                guard let query = page.query("r.*", part, after: values, limit: 101) else { return nil }
                let rows = try connection.query("EXPLAIN QUERY PLAN " + query.sql, query.arguments)
                return try rows.map { try $0.text("detail") }.joined(separator: "\n")
            }
        }
    }

    @Test(arguments: ["ASC", "DESC"])
    func anOrderByMetricWalksTheIndexOfValues(direction: String) async throws {
        let filter = "metrics.acc > 0.5 AND params.depth = '3'"
        let plans = try await Self.plan(filter, ["metrics.acc \(direction)"])
        // The metric is compared: runs where it is NaN or missing are no candidates.
        #expect(plans.count == 1)
        let plan = try #require(plans.first)
        #expect(
            plan.contains(
                "o0 USING COVERING INDEX latest_metrics_by_value (key_number=? AND is_nan=? AND metric_value>?)"
            )
        )
        #expect(plan.contains("SEARCH r USING PRIMARY KEY (run_number=?)"))
        #expect(plan.contains("SEARCH f USING PRIMARY KEY (run_number=? AND param_key=?)"))
        // Only runs with equal values are sorted among each other.
        #expect(plan.contains("USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"))
        #expect(!plan.contains("USE TEMP B-TREE FOR ORDER BY"))
    }

    @Test func theNextPageBeginsInTheIndex() async throws {
        let after: [SQLValue] = [.integer(0), .real(0.75), .integer(5), .text("x")]
        let plans = try await Self.plan("params.depth = '3'", ["metrics.acc DESC"], after: after)
        #expect(plans.count == 3)
        #expect(plans[0].contains("latest_metrics_by_value (key_number=? AND is_nan=? AND metric_value<?)"))
        let inNaN: [SQLValue] = [.integer(1), .real(0), .integer(5), .text("x")]
        #expect(try await Self.plan("params.depth = '3'", ["metrics.acc DESC"], after: inNaN).count == 2)
    }

    @Test func newestFirstWalksTheIndexOfStartTimes() async throws {
        let plan = try #require(try await Self.plan(nil, []).first)
        #expect(plan.contains("SEARCH r USING INDEX runs_by_experiment (experiment_id=? AND lifecycle_stage=?)"))
        #expect(plan.contains("RIGHT PART OF ORDER BY"))
        let next = try #require(try await Self.plan(nil, [], after: [.integer(5), .text("x")]).first)
        #expect(next.contains("runs_by_experiment (experiment_id=? AND lifecycle_stage=? AND start_time<?)"))
    }
}

/// Searches in random data against the simple way: every run looked at, then sorted.
@Suite(.overEveryDatabase) struct RunSearchOracleTests {
    private struct Known {
        let name: String
        let start: Int64
        let metric: Double?
        let depth: String?
    }

    @Test(arguments: [11, 12])
    func pagesInTheOrderOfAMetric(seed: UInt64) async throws {
        let fixture = try await TrackingFixture()
        var random = SeededGenerator(seed: seed)
        var known: [Known] = []
        for number in 0..<60 {
            let kind = Int.random(in: 0..<10, using: &random)
            let metric = kind == 0 ? nil : kind == 1 ? Double.nan : Double(Int.random(in: -3...3, using: &random)) / 2
            let depth = Bool.random(using: &random) ? "\(Int.random(in: 1...2, using: &random))" : nil
            let run = Known(
                name: "r\(number)",
                start: Int64.random(in: 0..<5, using: &random),
                metric: metric,
                depth: depth
            )
            let id = try await fixture.store.createRun(
                experimentID: "0",
                name: run.name,
                startTime: Timestamp(milliseconds: run.start)
            ).info.id
            try await fixture.store.logBatch(
                runID: id,
                metrics: [Metric("other", 1)] + (metric.map { [Metric("acc", $0)] } ?? []),
                params: depth.map { [Param(key: "depth", value: $0)] } ?? []
            )
            known.append(run)
        }
        let filters: [(String?, (Known) -> Bool)] = [
            (nil, { _ in true }), ("metrics.acc >= 0", { ($0.metric ?? -1) >= 0 }),
            ("metrics.acc != 0.5", { $0.metric != nil && $0.metric != 0.5 }),
            ("metrics.acc != 0.5 AND metrics.acc < 1", { $0.metric.map { $0 != 0.5 && $0 < 1 } ?? false }),
            ("params.depth = '1'", { $0.depth == "1" }),
            ("metrics.acc < 1 AND params.depth != '1'", { ($0.metric ?? 9) < 1 && $0.depth == "2" }),
            ("metrics.absent > 0", { _ in false }),
        ]
        for (filter, admits) in filters {
            for isAscending in [true, false] {
                let found = try await Self.pages(fixture.store, filter, isAscending)
                let expected = known.filter(admits).map { Self.place($0, isAscending) }.sorted {
                    $0.lexicographicallyPrecedes($1)
                }
                let places = Dictionary(known.map { ($0.name, Self.place($0, isAscending)) }) { first, _ in first }
                #expect(Set(found).count == found.count)
                #expect(found.compactMap { places[$0] } == expected)
            }
        }
    }

    /// What a run is sorted by: numbers before NaN before nothing, then the value, then newest first.
    private static func place(_ run: Known, _ isAscending: Bool) -> [Double] {
        guard let metric = run.metric else { return [2, 0, Double(-run.start)] }
        if metric.isNaN { return [1, 0, Double(-run.start)] }
        return [0, isAscending ? metric : -metric, Double(-run.start)]
    }

    /// The names of all runs that a search finds, in pages of seven.
    private static func pages(_ store: TrackingStore, _ filter: String?, _ isAscending: Bool) async throws -> [String] {
        var names: [String] = []
        var token: String?
        repeat {
            let page = try await store.searchRuns(
                experimentIDs: ["0"],
                filter: filter,
                order: ["metrics.acc \(isAscending ? "ASC" : "DESC")"],
                limit: 7,
                after: token
            )
            #expect(page.runs.count == 7 || page.nextToken == nil)
            names += page.runs.map(\.info.name)
            token = page.nextToken
        } while token != nil
        return names
    }
}
