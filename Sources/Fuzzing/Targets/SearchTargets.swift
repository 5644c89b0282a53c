import Artifacts
import Core
import Foundation
import Registry
import Storage
import Traces
import Tracking

extension FuzzTarget {
    /// Searches for runs, experiments and logged models over a real database.
    static let searchRuns = search("search-runs", "searches for runs, experiments and logged models") { house in
        { text, order, token in
            let runs = { (filter: String?, order: [String], limit: Int, token: String?) in
                let page = try await house.tracking.searchRuns(
                    experimentIDs: ["0"],
                    filter: filter,
                    order: order,
                    limit: limit,
                    after: token
                )
                return (page.runs.map(\.info.id), page.nextToken)
            }
            var way = try await outcome { _ = try await house.tracking.searchExperiments(filter: text, order: order) }
            way =
                way << 4
                ^ (try await outcome {
                    _ = try await house.tracking.searchLoggedModels(experimentIDs: ["0"], filter: text, after: token)
                })
            return way << 4 ^ (try await pages(runs, text, order, token))
        }
    }

    /// Searches for traces.
    static let searchTraces = search("search-traces", "searches for traces") { house in
        { text, order, token in
            let traces = { (filter: String?, order: [String], limit: Int, token: String?) in
                let page = try await house.traces.search(
                    experimentIDs: ["0"],
                    filter: filter,
                    order: order,
                    limit: limit,
                    after: token
                )
                return (page.traces.map(\.id), page.nextToken)
            }
            return try await pages(traces, text, order, token)
        }
    }

    /// Searches for registered models and versions.
    static let searchModels = search("search-models", "searches for registered models and versions") { house in
        { text, order, token in
            let models = { (filter: String?, order: [String], limit: Int, token: String?) in
                let page = try await house.registry.searchModels(
                    filter: filter,
                    order: order,
                    limit: limit,
                    after: token
                )
                return (page.models.map(\.name), page.nextToken)
            }
            let way = try await outcome { _ = try await house.registry.searchVersions(filter: text, order: order) }
            return way << 4 ^ (try await pages(models, text, order, token))
        }
    }

    private typealias Search = @Sendable (_ text: String, _ order: [String], _ token: String?) async throws -> UInt64
    private typealias Reading = (String?, [String], Int, String?) async throws -> ([String], String?)

    /// An input is a filter, then lines: orderings, and after `@` what a forged token says.
    private static func search(
        _ name: String,
        _ summary: String,
        make: @escaping @Sendable (SearchedStores) -> Search
    ) -> FuzzTarget {
        FuzzTarget(
            name,
            summary,
            seeds: [
                "metrics.loss < 0.5 AND params.a = 'x'\nmetrics.loss DESC", "tags.team IN ('red', 'blue')\nstart_time",
                "name LIKE '%x%'\nname DESC\nlast_updated_timestamp", "status = 'OK'\ntimestamp_ms DESC\n@[1,\"a\"]",
                "\n\n@[5,{\"real\":1.5}]", "version_number > 0 AND name = 'm'\nversion_number DESC",
                "tags.`a b` != 'x'",
                "attributes.run_name ILIKE 'R%'\nparams.depth ASC", "span.name LIKE 'a%' AND feedback.f = 'yes'",
                "name RLIKE '^(a|b)+$'", "execution_time_ms > 5 AND trace.status != 'ERROR'",
            ],
            words: filterWords + ["\n", "\n@", "[1,2,3]", "{\"real\":1e400}", "[null]"],
            forms: [.text],
            longest: 2048,
            prepare: {
                let run = make(try await SearchedStores())
                return { bytes in
                    var lines = String(decoding: bytes, as: UTF8.self).split(
                        separator: "\n",
                        omittingEmptySubsequences: false
                    ).map(String.init)
                    let forged = lines.last.flatMap { $0.hasPrefix("@") ? String($0.dropFirst()) : nil }
                    if forged != nil { lines.removeLast() }
                    return try await run(lines.first ?? "", lines.dropFirst().filter { !$0.isEmpty }, forged)
                }
            }
        )
    }

    /// Reads all pages by one row each: they are the same rows as one page of all has, and no row comes twice.
    private static func pages(
        _ read: Reading,
        _ text: String,
        _ order: [String],
        _ forged: String?
    ) async throws -> UInt64 {
        let filter = text.isEmpty ? nil : text
        let (all, _) = try await read(filter, order, 100, nil)
        let (everything, _) = try await read(nil, [], 100, nil)
        try require(Set(all).isSubset(of: everything), "the filter finds rows that are not there")
        try require(Set(all).count == all.count, "a row twice in one page")
        var token: String?
        var found: [String] = []
        for _ in 0...all.count {
            let (rows, next) = try await read(filter, order, 1, token)
            found += rows
            if let next, let forged, let values = try? JSONValue.parse(forged) {
                try await forge(read, filter, order, next, values)
            }
            token = next
            if next == nil { break }
        }
        try require(found == all, "page by page \(found), at once \(all)")
        return UInt64(all.count)
    }

    /// A token with true marks and other values is refused or read; it never is the server's fault.
    private static func forge(
        _ read: Reading,
        _ filter: String?,
        _ order: [String],
        _ token: String,
        _ values: JSONValue
    ) async throws {
        guard case .object(var content) = try PageToken.decode(token) else { return }
        content["after"] = values
        do {
            _ = try await read(filter, order, 1, PageToken.encode(.object(content)))
        } catch let error as MartletError where error.code != .internal {
            return
        }
    }

    /// A number for what came of a search that may be refused.
    private static func outcome(_ body: () async throws -> Void) async throws -> UInt64 {
        do {
            try await body()
            return 1
        } catch let error as MartletError where error.code != .internal {
            return 2
        }
    }
}

/// Stores with a few rows of everything that searches look at.
struct SearchedStores: Sendable {
    let tracking: TrackingStore
    let registry: RegistryStore
    let traces: TraceStore

    /// Makes them over a database in memory.
    init() async throws {
        let database = try Database.inMemory()
        try await database.migrate(TrackingStore.migrations + RegistryStore.migrations + TraceStore.migrations)
        let root = FileManager.default.temporaryDirectory.appending(path: "martlet-fuzz-\(Identifier.random())")
        let artifacts = try DiskArtifactStore(root: root.path(percentEncoded: false))
        // Nothing is written; an open directory stays readable without its name.
        try? FileManager.default.removeItem(at: root)
        tracking = TrackingStore(database: database, artifacts: artifacts)
        registry = RegistryStore(database: database, artifacts: artifacts, sources: Self.sources)
        traces = TraceStore(
            database: database,
            artifacts: artifacts,
            experiments: TraceExperiments { id in
                TraceExperiments.Experiment(id: id, artifactLocation: "mlflow-artifacts:/\(id)", isActive: true)
            }
        )
        try await fill()
    }

    private static let sources = ModelSources(
        runArtifactURI: { id in throw MartletError(.notFound, "There is no run '\(id)'.") },
        loggedModel: { id in throw MartletError(.notFound, "There is no model '\(id)'.") },
        registered: { _, _, _ in }
    )

    private func fill() async throws {
        try await tracking.prepare()
        for number in 0..<6 {
            let run = try await tracking.createRun(
                experimentID: "0",
                name: "run \(number / 2)",
                startTime: Timestamp(milliseconds: Int64(1000 * (number / 2))),
                tags: [Tag(key: "team", value: number % 2 == 0 ? "red" : "blue")]
            )
            try await tracking.logBatch(
                runID: run.info.id,
                metrics: [
                    Metric(
                        key: "loss",
                        value: number == 3 ? .nan : Double(number) / 10,
                        timestamp: Timestamp(milliseconds: 5)
                    )
                ],
                params: [Param(key: "a", value: number < 3 ? "x" : "y"), Param(key: "depth", value: "\(number)")]
            )
            try await registry.createModel(name: "m\(number)", tags: [ModelTag(key: "team", value: "red")])
            _ = try await traces.start(
                TraceInfo(
                    id: "tr-" + String(repeating: "\(number)", count: 32),
                    experimentID: "0",
                    requestTime: Timestamp(milliseconds: Int64(number / 2)),
                    duration: number == 1 ? nil : 5,
                    state: number % 2 == 0 ? .ok : .error,
                    metadata: [TracePair(key: "k", value: "v\(number)")],
                    tags: [TracePair(key: "env", value: "prod")]
                )
            )
        }
    }
}
