import ArgumentParser
import Core

/// `martlet loop fire TRIGGER`.
struct LoopFire: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "fire",
        abstract: "Open a loop by hand.",
        discussion:
            "Guards may refuse: one open loop at a time, the cool-down, the daily budget, and new labelled data."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "Why; stands in the loop's timeline.")
    var reason: String?
    @Flag(name: .long, help: "Waive the cool-down and the need for new labelled data.")
    var force = false
    @Argument(help: "The trigger's name.")
    var trigger: String

    func run(_ session: Session) async throws {
        var body: JSONObject = ["force": .bool(force)]
        body["reason"] = reason.map(JSONValue.string)
        let path = "/api/martlet/v1/triggers/\(ServerClient.segment(trigger))/fire"
        let loop = try await session.server.send("POST", path, .object(body))
        guard !session.wroteJSON(loop) else { return }
        session.terminal.line(Words.text(loop["id"]))
        session.terminal.note("Watch it with `martlet loop show \(Words.text(loop["id"]))`.")
    }
}
