import ArgumentParser
import Core

/// `martlet ledger query DEPLOYMENT`.
struct LedgerQueryCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "List predictions, or count them by version, hour, arm, prediction, ….",
        discussion: """
            Filters are comparisons joined by and, or, not: version = 3 and wrong and features."mean radius" > 20. \
            Words: labelled, unlabelled, right, wrong, drifted, shadowed, disagreed, cut.
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: LedgerSelection
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "Which predictions; see above.")
    var filter: String?
    @Option(name: .long, help: "Count by these: version, hour, day, arm, prediction, label, rollout.")
    var group: String?
    @Flag(name: .long, help: "The oldest first.")
    var oldest = false
    @Option(name: .shortAndLong, help: "Writes JSON to this file.")
    var output: String?

    func run(_ session: Session) async throws {
        let query = selection.query + [("filter", filter), ("order", oldest ? "oldest" : "newest")]
        let items: [JSONValue]
        if let group {
            let answer = try await session.server.get("/api/martlet/v1/ledger", query: query + [("group", group)])
            items = answer["items"]?.arrayValue ?? []
            if answer["complete"]?.boolValue == false {
                session.terminal.note("Only the newest \(Words.text(answer["scanned"])) predictions were counted.")
            }
        } else {
            items = try await session.items("/api/martlet/v1/ledger", query: query, limit: list.limit)
        }
        if let output {
            try OutputFile.write(JSONValue.array(items).prettyPrinted() + "\n", to: output)
            session.terminal.note("Wrote \(output).")
            return
        }
        guard !session.wroteJSON(["items": .array(items)]) else { return }
        if let group { Self.groups(items, group, session.terminal) } else { Self.rows(items, session.terminal) }
    }

    private static func rows(_ items: [JSONValue], _ terminal: Terminal) {
        var table = TextTable([
            .init(title: "REQUEST", isFixed: true), .init(title: "TIME"), .init(title: "VERSION", alignment: .right),
            .init(title: "ARM"), .init(title: "PREDICTION"), .init(title: "SCORE", alignment: .right),
            .init(title: "LABEL"), .init(title: "RIGHT"), .init(title: "US", alignment: .right),
            .init(title: "ENTITY"),
        ])
        for item in items {
            table.add([
                Words.text(item["request_id"]), Words.time(item["created_at"]), Words.text(item["version"]),
                Words.text(item["arm"]), Words.text(item["prediction"]), Words.text(item["score"]),
                Words.text(item["label"]), Words.text(item["correct"]), Words.text(item["latency_us"]),
                Words.text(item["entity"]),
            ])
        }
        table.write(to: terminal, empty: "No prediction meets this.")
    }

    private static func groups(_ items: [JSONValue], _ keys: String, _ terminal: Terminal) {
        let keys = keys.split(separator: ",").map(String.init)
        var table = TextTable(
            keys.map { .init(title: $0.uppercased()) } + [
                .init(title: "ROWS", alignment: .right), .init(title: "LABELLED", alignment: .right),
                .init(title: "ACCURACY", alignment: .right), .init(title: "ERROR", alignment: .right),
                .init(title: "US", alignment: .right),
            ]
        )
        for item in items {
            table.add(
                keys.map { $0 == "hour" || $0 == "day" ? Words.time(item[$0]) : Words.text(item[$0]) } + [
                    Words.text(item["rows"]), Words.text(item["labelled"]), Words.text(item["accuracy"]),
                    Words.text(item["mean_absolute_error"]), Words.text(item["mean_latency_us"]),
                ]
            )
        }
        table.write(to: terminal, empty: "No prediction meets this.")
    }
}
