import ArgumentParser
import Core

/// `martlet webhook test ID`.
struct WebhookTest: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send a webhook an example of an event, and show what it answers."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The webhook's id.")
    var webhook: String
    @Option(help: "The event, such as model_version.created; by default the first that the webhook wants.")
    var event: String?

    func run(_ session: Session) async throws {
        var body = JSONObject()
        if let event {
            let parts = event.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw MartletError(
                    .invalidArgument,
                    "--event must be <entity>.<action>, such as model_version.created."
                )
            }
            body["event"] = [
                "entity": .string(parts[0].uppercased()), "action": .string(parts[1].uppercased()),
            ]
        }
        let path = "/api/2.0/mlflow/webhooks/\(ServerClient.segment(webhook))/test"
        let answer = try await session.server.send("POST", path, .object(body))
        let result = answer["result"]
        let succeeded = result?["success"]?.boolValue == true
        if !session.wroteJSON(answer) {
            var facts = Facts()
            facts.add("result", succeeded ? "ok" : "failed")
            facts.add("status", Words.text(result?["response_status"]))
            facts.add("answer", Words.text(result?["response_body"]))
            facts.add("error", Words.text(result?["error_message"]))
            facts.write(to: session.terminal)
        }
        guard succeeded else { throw MartletError(.unavailable, "The webhook did not take the test.") }
    }
}
