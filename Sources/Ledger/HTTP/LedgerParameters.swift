import Core
import HTTPSupport
import Hummingbird
import Storage

/// What a request asks of the ledger, from its query.
struct LedgerParameters {
    let query: LedgerQuery
    /// Stands for everything that decides which rows there are; a page's token belongs to it.
    let fingerprint: String

    /// Reads `deployment`, `since`, `until`, `filter` and `order`.
    ///
    /// - Throws: `invalidArgument` naming the parameter, or the place in the filter.
    init(_ request: Request, now: Timestamp) throws(MartletError) {
        guard let deployment = Self.text(request, "deployment"), !deployment.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "'deployment' is missing: say which deployment's predictions you mean."
            )
        }
        var order = LedgerQuery.Order.newest
        if let text = Self.text(request, "order") {
            guard let named = LedgerQuery.Order(rawValue: text) else {
                throw MartletError(.invalidArgument, "'order' must be newest or oldest, but is '\(text)'.")
            }
            order = named
        }
        let filter = try LedgerFilter(parsing: Self.text(request, "filter") ?? "")
        let query = LedgerQuery(
            deployment: deployment,
            since: try Self.time(request, "since", now: now),
            until: try Self.time(request, "until", now: now),
            filter: filter,
            order: order
        )
        if let since = query.since, let until = query.until, since >= until {
            throw MartletError(
                .invalidArgument,
                "'since' (\(since.iso8601)) must lie before 'until' (\(until.iso8601))."
            )
        }
        self.query = query
        let parts = ["since", "until", "filter"].map { Self.text(request, $0) ?? "" }
        fingerprint = KeysetPage.fingerprint(of: [deployment, order.rawValue] + parts)
    }

    /// The text of a parameter, read as browsers write it: a plus sign is a blank.
    private static func text(_ request: Request, _ name: String) -> String? {
        for part in (request.uri.query ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair[0] == name else { continue }
            let value = pair.count > 1 ? pair[1] : ""
            return PercentEncoding.decode(value, plusIsSpace: true) ?? String(value)
        }
        return nil
    }

    /// Rejects parameters that nobody reads: a filter that is misspelt would be no filter.
    static func rejectUnknown(_ request: Request, _ allowed: [String]) throws(MartletError) {
        for (name, _) in request.uri.queryParameters where !allowed.contains(String(name)) {
            let hint = NearestName.of(String(name), among: allowed).map { "did you mean '\($0)'? Known" } ?? "known"
            throw MartletError(
                .invalidArgument,
                "'\(name)' is not a known parameter; \(hint) are \(allowed.sorted().joined(separator: ", "))."
            )
        }
    }

    /// A moment, or a length of time before now; nil when absent.
    static func time(_ request: Request, _ name: String, now: Timestamp) throws(MartletError) -> Timestamp? {
        guard let text = Self.text(request, name), !text.isEmpty else { return nil }
        if let time = LedgerTime.parse(text) { return time }
        if let ago = Duration(writtenAs: text) { return now - ago }
        throw MartletError(
            .invalidArgument,
            "'\(name)' must be a time such as 2026-11-22T05:00:00Z, milliseconds since 1970, or how long ago, such as "
                + "24h; it is '\(text)'."
        )
    }

    /// The place that a page's token names, if it belongs to this query.
    func position(_ token: String?) throws -> LedgerPosition? {
        guard let token else { return nil }
        let content = try PageToken.decode(token)
        guard content["query"]?.stringValue == fingerprint, let time = content["time"]?.integerValue,
            let number = content["number"]?.integerValue
        else {
            throw MartletError(
                .invalidArgument,
                "'page_token' belongs to another query; repeat the query that returned it."
            )
        }
        return LedgerPosition(createdAt: Timestamp(milliseconds: time), number: number)
    }

    /// The token of the page that begins after a place.
    func token(_ position: LedgerPosition) -> String {
        PageToken.encode([
            "query": .string(fingerprint), "time": .integer(position.createdAt.milliseconds),
            "number": .integer(position.number),
        ])
    }
}
