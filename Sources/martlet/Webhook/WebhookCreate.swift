import ArgumentParser
import Core
import Foundation

/// `martlet webhook create NAME URL`.
struct WebhookCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a webhook.",
        discussion: "The secret that signs deliveries is never an argument, because others can read those."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The webhook's name.")
    var name: String
    @Argument(help: "Where events are sent.")
    var url: String
    @Option(
        name: .customLong("event"),
        help: "An event, such as monitor.drift, deployment.promoted or loop.outcome; may be repeated."
    )
    var events: [String]
    @Option(help: "What it is for.")
    var description: String?
    @Option(name: .customLong("secret-from-env"), help: "Sign deliveries with the secret in this environment variable.")
    var variable: String?

    @Option(help: "The form of what is sent: mlflow or cloudevents.")
    var format: String?

    func run(_ session: Session) async throws {
        var body: JSONObject = [
            "name": .string(name), "url": .string(url), "events": .array(events.map(JSONValue.string)),
        ]
        if let format { body["format"] = .string(format) }
        if let description { body["description"] = .string(description) }
        if let variable {
            guard let secret = ProcessInfo.processInfo.environment[variable] else {
                throw MartletError(.invalidArgument, "The environment variable \(variable) is not set.")
            }
            body["secret"] = .string(secret)
        }
        let answer = try await session.server.send("POST", "/api/martlet/v1/webhooks", .object(body))
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line(
            "\(Words.text(answer["webhook_id"])) is told of \(Words.text(answer["events"])); try `martlet webhook test`."
        )
    }
}
