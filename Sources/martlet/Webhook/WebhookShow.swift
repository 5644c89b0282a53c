import ArgumentParser
import Core

/// `martlet webhook show ID`.
struct WebhookShow: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a webhook.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The webhook's id.")
    var webhook: String

    func run(_ session: Session) async throws {
        let found = try await session.server.get("/api/martlet/v1/webhooks/\(ServerClient.segment(webhook))")
        guard !session.wroteJSON(found) else { return }
        var facts = Facts()
        for (title, key) in [
            ("id", "webhook_id"), ("name", "name"), ("description", "description"), ("url", "url"),
            ("status", "status"),
        ] {
            facts.add(title, Words.text(found[key]))
        }
        facts.add("events", Words.text(found["events"]))
        facts.add("created", Words.time(found["creation_timestamp"]))
        facts.add("changed", Words.time(found["last_updated_timestamp"]))
        facts.write(to: session.terminal)
    }
}
