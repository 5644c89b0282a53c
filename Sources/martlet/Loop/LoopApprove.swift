import ArgumentParser
import Core

/// `martlet loop approve ID`.
struct LoopApprove: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Approve what a loop asks for; it goes on."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "What you have to say; stands in the timeline.")
    var comment: String?
    @Argument(help: "The loop's id.")
    var loop: String

    func run(_ session: Session) async throws {
        var body: JSONObject = [:]
        body["comment"] = comment.map(JSONValue.string)
        let path = "/api/martlet/v1/loops/\(ServerClient.segment(loop))/approve"
        let answer = try await session.server.send("POST", path, .object(body))
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(Words.text(answer["id"])) \(LoopList.state(answer["state"]))")
    }
}
