import ArgumentParser
import Core

/// `martlet webhook show ID`.
struct WebhookShow: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a webhook.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The webhook's id.")
    var webhook: String

    func run(_ session: Session) async throws {
        let answer = try await session.server.get("/api/2.0/mlflow/webhooks/\(ServerClient.segment(webhook))")
        guard !session.wroteJSON(answer) else { return }
        let found = answer["webhook"]
        var facts = Facts()
        for (title, key) in [
            ("id", "webhook_id"), ("name", "name"), ("description", "description"), ("url", "url"),
            ("status", "status"),
        ] {
            facts.add(title, Words.text(found?[key]))
        }
        let events = found?["events"]?.arrayValue ?? []
        let names = events.map { "\(Words.text($0["entity"])).\(Words.text($0["action"]))".lowercased() }
        facts.add("events", names.joined(separator: ", "))
        facts.add("created", Words.time(found?["creation_timestamp"]))
        facts.add("changed", Words.time(found?["last_updated_timestamp"]))
        facts.write(to: session.terminal)
    }
}
