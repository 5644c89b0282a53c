import ArgumentParser
import Core

/// `martlet loop reject ID`.
struct LoopReject: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Refuse what a loop asks for; it ends and the champion stays."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "Why; stands in the timeline.")
    var comment: String?
    @Argument(help: "The loop's id.")
    var loop: String

    func run(_ session: Session) async throws {
        var body: JSONObject = [:]
        body["comment"] = comment.map(JSONValue.string)
        let path = "/api/martlet/v1/loops/\(ServerClient.segment(loop))/reject"
        let answer = try await session.server.send("POST", path, .object(body))
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(Words.text(answer["id"])) \(LoopList.state(answer["state"]))")
    }
}
