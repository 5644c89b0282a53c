import ArgumentParser
import Core

/// `martlet loop list`.
struct LoopList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List loops, newest first, and what triggers wait for."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "Only loops of this trigger.")
    var trigger: String?
    @Option(name: .long, help: "Only loops of this model.")
    var model: String?
    @Option(name: .long, help: "Only loops in these states, separated by commas; also open and ended.")
    var state: String?
    @Option(name: .long, help: "Only loops opened by this: drift, quality, schedule, data, alias, webhook or hand.")
    var signal: String?

    func run(_ session: Session) async throws {
        let loops = try await session.items(
            "/api/martlet/v1/loops",
            query: [("trigger", trigger), ("model", model), ("state", state), ("signal", signal)],
            limit: list.limit
        )
        guard !session.wroteJSON(["items": .array(loops)]) else { return }
        var table = TextTable([
            .init(title: "LOOP", isFixed: true), .init(title: "TRIGGER"), .init(title: "STATE", colour: Words.colour),
            .init(title: "VERSION", alignment: .right), .init(title: "OPENED"), .init(title: "TOOK", alignment: .right),
            .init(title: "SIGNAL"),
        ])
        for loop in loops {
            table.add([
                Words.text(loop["id"]), Words.text(loop["trigger"]), Self.state(loop["state"]),
                Words.text(loop["version"]), Words.time(loop["opened_at"]),
                Words.span(loop["opened_at"], loop["finished_at"], now: session.clock.now),
                Words.text(loop["signal"]?["message"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no loops yet.")
        let triggers = try await session.server.get("/api/martlet/v1/triggers")["items"]?.arrayValue ?? []
        for waiting in triggers where waiting["waiting"]?.stringValue != nil {
            let reason = waiting["refusal"]?.stringValue ?? "It is judged at the next look."
            session.terminal.note(
                DisplayText.safe(
                    "Trigger \(Words.text(waiting["name"])) waits (\(Words.text(waiting["waiting"]))). \(reason)"
                )
            )
        }
    }

    /// A state in words.
    static func state(_ value: JSONValue?) -> String {
        Words.text(value).replacing("_", with: " ")
    }
}
