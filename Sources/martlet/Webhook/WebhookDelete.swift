import ArgumentParser
import Core

/// `martlet webhook delete ID`.
struct WebhookDelete: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Delete a webhook.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The webhook's id.")
    var webhook: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/webhooks/\(ServerClient.segment(webhook))"
        let answer = try await session.server.send("DELETE", path, nil)
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(webhook) is deleted.")
    }
}
