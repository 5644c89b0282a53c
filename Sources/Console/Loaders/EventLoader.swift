import Core
import Events

/// Reads the stream of events for its page.
struct EventLoader: Sendable {
    let sources: ConsoleSources

    /// What one can choose to see: what the address says, words, and the types.
    static let kinds: [(value: String, text: String, types: String)] = [
        ("", "everything", ""), ("deployments", "deployments", "martlet.deployment.*"),
        ("models", "models and aliases", "martlet.alias.*,martlet.version.*"),
        ("drift", "monitors", "martlet.monitor.*"),
        ("loops", "loops", "martlet.loop.*"), ("runs", "runs", "martlet.run.*"),
    ]

    func page(_ query: ConsoleQuery) async throws -> EventsPage {
        let kind = query["kind"] ?? ""
        let subject = query["subject"] ?? ""
        var page = EventsPage(entries: [], kind: kind, kinds: Self.kinds.map { ($0.value, $0.text) }, subject: subject)
        guard let log = sources.events else {
            page.notices = [Notice(.info, "This server keeps no stream of events.")]
            return page
        }
        do {
            guard let known = Self.kinds.first(where: { $0.value == kind }) else {
                throw MartletError(.invalidArgument, "There is no kind of event '\(kind.prefix(40))'.")
            }
            let filter = try EventFilter(types: known.types.isEmpty ? nil : known.types, subject: subject)
            let before = try query["before"].map { text throws(MartletError) in
                guard let place = Int64(text), place > 0 else {
                    throw MartletError(.invalidArgument, "'before' must be the place of an event.")
                }
                return place
            }
            let now = sources.clock.now
            let found = try await log.newest(before: before, filter: filter, limit: ConsoleLimits.eventsPerPage)
            page.entries = found.map { Self.entry($0.record, now: now) }
            page.isPast = before != nil
            page.stream = Self.stream(known.types, subject, after: found.first?.cursor)
            if found.count == ConsoleLimits.eventsPerPage, let last = found.last {
                page.older = ConsolePath.query("/events", Self.items(kind, subject) + [("before", String(last.cursor))])
            }
        } catch {
            let failure = MartletError.wrapping(error)
            guard failure.code == .invalidArgument else { throw error }
            page.notices = [Notice(.bad, failure.message)]
        }
        return page
    }

    private static func items(_ kind: String, _ subject: String) -> [(String, String)] {
        [("kind", kind), ("subject", subject)].filter { !$0.1.isEmpty }
    }

    /// The stream from the newest event that is shown; the same address until there is a newer one.
    private static func stream(_ types: String, _ subject: String, after: Int64?) -> String {
        var items: [(String, String)] = []
        if !types.isEmpty { items.append(("types", types)) }
        if !subject.isEmpty { items.append(("subject", subject)) }
        if let after { items.append(("after", String(after))) }
        return ConsolePath.query("/api/martlet/v1/events", items)
    }

    /// An event as feeds show it.
    static func entry(_ record: EventRecord, now: Timestamp) -> Feed.Entry {
        let (noun, href) = place(of: record.subject)
        // A loop is known by its trigger rather than by its id.
        let trigger = record.subject.hasPrefix("loops/") ? record.data["trigger"]?.stringValue : nil
        let name = trigger ?? noun
        let subject: Markup = href.map { .link(name, $0) } ?? .text(name)
        return Feed.Entry(
            tone(record),
            .joined([subject, .text(words(record))]),
            more: figures(record),
            time: TimeText(record.at, now: now)
        )
    }

    /// What happened: the sentence that the event carries, or words from its type.
    private static func words(_ record: EventRecord) -> String {
        for key in ["message", "note"] {
            if let text = record.data[key]?.stringValue, !text.isEmpty { return text }
        }
        let parts = record.type.split(separator: ".").dropFirst()
        return parts.joined(separator: " ").replacing("_", with: " ")
    }

    private static func figures(_ record: EventRecord) -> String {
        let shown = ["version", "from_version", "to_version", "percent", "state", "reason", "by"]
        let parts = shown.compactMap { key -> String? in
            guard let value = record.data[key] else { return nil }
            let text =
                value.stringValue ?? value.integerValue.map { String($0) } ?? value.doubleValue.map(NumberText.value)
            return text.flatMap { $0.isEmpty ? nil : "\(key.replacing("_", with: " ")) \($0.prefix(120))" }
        }
        return ([record.type] + parts).joined(separator: " · ")
    }

    private static func tone(_ record: EventRecord) -> Tone {
        switch record.data["status"]?.stringValue?.lowercased() {
        case "failed", "killed": return .bad
        case "succeeded", "finished": return .good
        default: break
        }
        let last = record.type.split(separator: ".").last.map(String.init) ?? ""
        switch last {
        case "promoted", "recovered", "succeeded", "finished", "confirmed", "stable", "ended": return .good
        case "rolled_back", "failed", "drift", "detected", "drifted", "started_drift": return .bad
        case "paused", "inconclusive", "aborted", "awaiting_confirmation", "awaiting_approval", "rejected", "cancelled":
            return .warn
        default: return .info
        }
    }

    /// The noun's name and the page that shows it; nil for nouns without a page.
    static func place(of subject: String) -> (name: String, href: String?) {
        let parts = subject.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard parts.count > 1 else { return (subject, nil) }
        let name = parts[1]
        if parts.count > 3, parts[2] == "runs" {
            let page = parts[0] == "pipelines" ? "pipeline-runs" : "runs"
            return ("run \(parts[3].prefix(8))", ConsolePath.of(page, parts[3]))
        }
        switch parts[0] {
        case "deployments": return (name, ConsolePath.of("deployments", name))
        case "models":
            let rest = parts.count > 3 && parts[2] == "aliases" ? "\(name)@\(parts[3])" : name
            return (rest, ConsolePath.of("models", name))
        case "monitors": return (name, ConsolePath.of("drift", name))
        case "loops": return ("loop \(name.prefix(8))", ConsolePath.of("loops", name))
        case "pipelines": return (name, ConsolePath.of("pipelines", name))
        case "experiments": return ("experiment \(name)", ConsolePath.of("experiments", name))
        default: return (subject, nil)
        }
    }
}
