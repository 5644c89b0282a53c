import ArgumentParser
import Core
import Lineage

/// `martlet lineage NODE`.
struct LineageCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "Show what something was made of, and what was made of it.",
        discussion:
            "Things are named prediction:ID, model:NAME/3 or model:NAME@ALIAS, dataset:NAME@VERSION, run:ID, task:RUN/TASK, "
            + "artifact:SHA256, code:SHA256, image:REFERENCE or deployment:NAME. Digests may be cut short, and a dataset "
            + "without a version means its newest."
    )

    @OptionGroup var options: GlobalOptions
    @Flag(name: .long, help: "Only what it was made of.")
    var up = false
    @Flag(name: .long, help: "Only what was made of it.")
    var down = false
    @Option(name: .long, help: "Most edges to follow, 1 to \(LineageLimits.walkedEdges).")
    var limit = LineageLimits.walkedEdges
    @Argument(help: "What to ask about.")
    var node: String

    func validate() throws {
        guard limit >= 1, limit <= LineageLimits.walkedEdges else {
            throw ValidationError("'--limit' must be between 1 and \(LineageLimits.walkedEdges), but is \(limit).")
        }
    }

    func run(_ session: Session) async throws {
        let directions: [LineageDirection] = up == down ? [.up, .down] : [up ? .up : .down]
        let walk = try await session.server.get(
            "/api/martlet/v1/lineage",
            query: [
                ("of", node), ("direction", directions.count == 2 ? "both" : directions[0].rawValue),
                ("limit", String(limit)),
            ]
        )
        guard !session.wroteJSON(walk) else { return }
        for (position, direction) in directions.enumerated() {
            if position > 0 { session.terminal.line() }
            let tree = LineageTree(walk, direction)
            let title = direction == .up ? "made of" : "made into"
            session.terminal.line(session.terminal.paint(title, .dim))
            for line in tree.lines { session.terminal.line(DisplayText.safe(line)) }
            if tree.isEmpty {
                session.terminal.note(
                    direction == .up ? "Nothing is known that it was made of." : "Nothing is known that was made of it."
                )
            }
        }
        if walk["complete"]?.boolValue == false {
            session.terminal.note("There is more; ask with --limit, or about something nearer.")
        }
    }
}
