import Core

/// What a command works with: the server, the terminal, the time.
struct Session: Sendable {
    /// The server.
    let server: ServerClient
    /// Where results go.
    let terminal: Terminal
    /// The present moment and the pauses.
    let clock: Clock
    /// Whether JSON is wanted instead of a table.
    let json: Bool

    /// Writes the server's answer as JSON when that is wanted; says whether it did.
    func wroteJSON(_ value: JSONValue) -> Bool {
        guard json else { return false }
        terminal.line(value.prettyPrinted())
        return true
    }

    /// All items of a paged list up to `limit`, as one answer.
    func items(
        _ path: String,
        query: [(String, String?)] = [],
        limit: Int
    ) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        var token: String?
        repeat {
            let size = String(min(limit - items.count, CommandLimits.pageRows))
            let page = try await server.get(path, query: query + [("limit", size), ("page_token", token)])
            items += (page["items"]?.arrayValue ?? []).prefix(limit - items.count)
            let next = page["next_page_token"]?.stringValue
            // A server that repeats its token would keep us here for ever.
            token = next == token ? nil : next
        } while token != nil && items.count < limit
        if token != nil {
            terminal.note("There is more; ask for it with --limit (at most \(CommandLimits.maximumRows)).")
        }
        return items
    }
}
