import Access
import Core
import HTTPSupport

/// Reads records of the audit log for the page.
struct AuditLoader: Sendable {
    let access: ConsoleAccess
    let caller: Principal

    func page(_ query: ConsoleQuery) async throws -> AuditPage {
        let isOfServer = query["log"] == "server"
        guard !isOfServer || caller.permissions.contains(.server) else {
            throw MartletError(.permissionDenied, "The server's own records are for administrators of the server.")
        }
        let log = isOfServer ? access.serverLog : access.log
        var filter = AuditFilter()
        filter.actor = query["actor"]
        filter.action = query["action"]
        filter.object = query["object"]
        filter.outcome = query["outcome"].flatMap(AuditEntry.Outcome.init(rawValue:))
        let shown = ["actor", "action", "object", "outcome"].reduce(into: [String: String]()) { shown, name in
            if let value = query[name] { shown[name] = value }
        }
        let found = try await log.search(filter, limit: ConsoleLimits.auditRecords, after: query["page_token"])
        let now = access.clock.now
        return AuditPage(
            rows: found.records.map { Self.row($0, now: now) },
            filter: shown,
            isOfServer: isOfServer,
            chain: try await access.chains.state(of: log),
            next: found.nextToken.map { token in
                let base = shown.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
                return ConsolePath.query(
                    "/audit",
                    (isOfServer ? [("log", "server")] : []) + base + [("page_token", token)]
                )
            },
            workspace: caller.workspace
        )
    }

    static func row(_ record: AuditRecord, now: Timestamp) -> AuditPage.Row {
        let entry = record.entry
        return AuditPage.Row(
            sequence: record.sequence,
            time: TimeText(entry.time, now: now),
            actor: entry.actor,
            action: entry.action,
            object: entry.object,
            isDenied: entry.outcome == .denied,
            reason: entry.reason ?? "",
            before: Self.pretty(entry.before),
            after: Self.pretty(entry.after),
            facts: [
                ("Token", entry.token ?? ""), ("Workspace", entry.workspace), ("Request", entry.requestID ?? ""),
                ("Address", entry.address ?? ""), ("Hash", record.hash),
            ]
        )
    }

    /// JSON in lines; what is no JSON as it is.
    private static func pretty(_ text: String?) -> String {
        guard let text else { return "" }
        guard let value = try? JSONValue.parse(text) else { return text }
        return value.prettyPrinted()
    }
}
