import ArgumentParser
import Core

/// `martlet event list`.
struct EventList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List events: the newest, or with --after those that came after a place."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: EventSelection
    @Option(help: "Only what came after this place, the oldest first.")
    var after: Int64?
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        let events = try await events(session)
        guard !session.wroteJSON(["items": .array(events)]) else { return }
        var table = TextTable([
            .init(title: "PLACE", alignment: .right, isFixed: true), .init(title: "AT"), .init(title: "TYPE"),
            .init(title: "SUBJECT"), .init(title: "WHAT"),
        ])
        for event in events {
            table.add([
                Words.text(event["cursor"]), Words.time(event["at"]), Words.text(event["type"]),
                Words.text(event["subject"]), EventLine.message(event),
            ])
        }
        table.write(to: session.terminal, empty: "Nothing of the kind happened.")
    }

    private func events(_ session: Session) async throws -> [JSONValue] {
        var events: [JSONValue] = []
        var place = after
        while events.count < list.limit {
            let size = min(list.limit - events.count, CommandLimits.pageRows)
            var query = selection.query + [("limit", String(size))]
            if after == nil { query.append(("order", "newest")) }
            query.append((after == nil ? "before" : "after", place.map { String($0) }))
            let page = try await session.server.get("/api/martlet/v1/events", query: query)
            let items = page["items"]?.arrayValue ?? []
            events += items.prefix(list.limit - events.count)
            if after != nil, page["missing"]?.boolValue == true, events.count == items.count {
                session.terminal.note("Events after this place are not kept any more; these are the oldest there are.")
            }
            let next = after == nil ? items.last?["cursor"]?.integerValue : page["next"]?.integerValue
            guard items.count == size, let next, next != place else { break }
            place = next
        }
        return events
    }
}
