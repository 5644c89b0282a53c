import ArgumentParser
import Core

/// `martlet loop cancel ID`.
struct LoopCancel: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Stop a loop in whatever state it is, and what it has under way."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "Why; stands in the timeline.")
    var reason: String?
    @Argument(help: "The loop's id.")
    var loop: String

    func run(_ session: Session) async throws {
        var body: JSONObject = [:]
        body["reason"] = reason.map(JSONValue.string)
        let path = "/api/martlet/v1/loops/\(ServerClient.segment(loop))/cancel"
        let answer = try await session.server.send("POST", path, .object(body))
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(Words.text(answer["id"])) \(LoopList.state(answer["state"]))")
    }
}
