import ArgumentParser
import Core

/// `martlet audit list`.
struct AuditList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List what was changed and what was refused, the newest first."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @OptionGroup var log: AuditLogOption
    @Option(help: "Who did it.")
    var actor: String?
    @Option(help: "What the action contains, such as alias.")
    var action: String?
    @Option(help: "What the object begins with, such as registered_model:cancer/.")
    var object: String?
    @Option(help: "done or denied.")
    var outcome: String?
    @Option(name: .customLong("since"), help: "Only what happened this long ago or later, such as 24h or 7d.")
    var since: String?

    func run(_ session: Session) async throws {
        let begin = try since.map { session.clock.now - (try GcCommand.age($0, option: "--since")) }
        let query = [
            ("actor", actor), ("action", action), ("object", object), ("outcome", outcome),
            ("since", begin.map { String($0.milliseconds) }),
        ]
        let records = try await session.items(log.path, query: query, limit: list.limit)
        guard !session.wroteJSON(["items": .array(records)]) else { return }
        var table = TextTable([
            .init(title: "NO", alignment: .right, isFixed: true), .init(title: "TIME", isFixed: true),
            .init(title: "ACTOR"), .init(title: "OUTCOME"), .init(title: "ACTION"), .init(title: "OBJECT"),
            .init(title: "BEFORE"), .init(title: "AFTER"),
        ])
        for record in records {
            let after = record["outcome"] == "denied" && record["after"]?.stringValue == nil ? "reason" : "after"
            table.add([
                Words.text(record["sequence"]), Words.time(record["time"]), Words.text(record["actor"]),
                Words.text(record["outcome"]), Words.text(record["action"]), Words.text(record["object"]),
                Words.text(record["before"]), Words.text(record[after]),
            ])
        }
        table.write(to: session.terminal, empty: "Nothing that fits is in the audit log.")
    }
}
