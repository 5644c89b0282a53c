package import Core
package import HTTPSupport
import Hummingbird
import Storage

/// `/api/martlet/v1/ledger`: predictions and how they came out, by page, by group, by hour, and as a file.
package struct LedgerRoutes: Sendable {
    private static let prefix = "/api/martlet/v1/ledger"
    private static let common = ["deployment", "since", "until", "filter", "order"]
    private let store: LedgerStore
    private let clock: Clock
    private let flush: @Sendable () async throws -> Void

    /// Serves what is in `store`.
    ///
    /// - Parameters:
    ///   - store: Where predictions and labels are.
    ///   - clock: The time.
    ///   - flush: Writes the predictions that wait.
    package init(store: LedgerStore, clock: Clock, flush: @escaping @Sendable () async throws -> Void) {
        self.store = store
        self.clock = clock
        self.flush = flush
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        routes.get(Self.prefix, permission: .read, errors: .martlet) { [self] request, _ in
            try LedgerParameters.rejectUnknown(request, Self.common + ["limit", "page_token", "group"])
            let parameters = try LedgerParameters(request, now: clock.now)
            try await flush()
            try await known(parameters.query.deployment)
            guard let keys = request.query("group") else { return .json(try await page(parameters, request)) }
            return .json(try await groups(parameters.query, keys))
        }
        routes.get("\(Self.prefix)/hours", permission: .read, errors: .martlet) { [self] request, _ in
            try LedgerParameters.rejectUnknown(request, ["deployment", "since", "until"])
            let query = try LedgerParameters(request, now: clock.now).query
            try await flush()
            try await known(query.deployment)
            let hours = try await store.hours(query.deployment, since: query.since, until: query.until)
            return .json(["items": .array(hours.map(\.json))])
        }
        routes.get("\(Self.prefix)/totals", permission: .read, errors: .martlet) { [self] _, _ in
            try await flush()
            let totals = try await store.totals()
            return .json([
                "items": .array(totals.map(\.json)), "pending_labels": .integer(try await store.pendingCount()),
            ])
        }
        routes.get("\(Self.prefix)/export", permission: .read, errors: .martlet) { [self] request, _ in
            try LedgerParameters.rejectUnknown(request, Self.common + ["format"])
            let parameters = try LedgerParameters(request, now: clock.now)
            let text = request.query("format") ?? LedgerExport.Format.csv.rawValue
            guard let format = LedgerExport.Format(rawValue: text) else {
                throw MartletError(.invalidArgument, "'format' must be csv or jsonl, but is '\(text)'.")
            }
            try await flush()
            try await known(parameters.query.deployment)
            return try await LedgerExport(store: store, query: parameters.query, format: format).response()
        }
        routes.get("\(Self.prefix)/rows/{id}", permission: .read, errors: .martlet) { [self] _, context in
            let encoded = try context.parameters.require("id")
            let id = PercentEncoding.decode(encoded) ?? encoded
            try await flush()
            return .json(try await story(id))
        }
    }

    private func known(_ deployment: String) async throws {
        guard try await store.totals(deployment) == nil else { return }
        let names = try await store.totals().map(\.deployment)
        let hint = NearestName.of(deployment, among: names).map { "; did you mean '\($0)'?" } ?? "."
        throw MartletError(.notFound, "The ledger has no predictions of '\(deployment)'\(hint)")
    }

    private func page(_ parameters: LedgerParameters, _ request: Request) async throws -> JSONValue {
        let limit = try request.queryInt(
            "limit",
            in: 1...LedgerLimits.pageRows,
            default: min(HTTPLimits.defaultPageSize, LedgerLimits.pageRows)
        )
        let place = try parameters.position(request.query("page_token"))
        let page = try await store.page(parameters.query, after: place, limit: limit)
        let schemas = try await store.schemas(parameters.query.deployment)
        var result: JSONObject = [
            "items": .array(page.rows.map { .object($0.record.json(schemas[$0.record.version])) }),
            "scanned": .int(page.scanned),
        ]
        if let next = page.next { result["next_page_token"] = .string(parameters.token(next)) }
        return .object(result)
    }

    private func groups(_ query: LedgerQuery, _ text: String) async throws -> JSONValue {
        var keys: [LedgerGroupKey] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let key = LedgerGroupKey(rawValue: String(name)), !keys.contains(key) else {
                let known = LedgerGroupKey.allCases.map(\.rawValue).joined(separator: ", ")
                throw MartletError(.invalidArgument, "'group' takes \(known), each once; '\(name)' is none.")
            }
            keys.append(key)
        }
        let groups = try await store.groups(query, by: keys)
        return [
            "items": .array(groups.groups.map { $0.json(keys) }), "scanned": .int(groups.scanned),
            "complete": .bool(groups.isComplete),
        ]
    }

    private func story(_ id: String) async throws -> JSONValue {
        let (rows, labels) = try await store.story(id)
        guard let row = rows.first else {
            throw MartletError(.notFound, "There is no prediction '\(id)'; it may have been removed by age or number.")
        }
        let schemas = try await store.schemas(row.record.deployment)
        var result = row.record.json(schemas[row.record.version])
        result["labels"] = .array(labels.map(\.json))
        result["shadows"] = .array(
            rows.dropFirst().map { .object($0.record.json(schemas[$0.record.version])) }
        )
        return .object(result)
    }
}
