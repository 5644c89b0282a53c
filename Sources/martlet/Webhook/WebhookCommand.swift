import ArgumentParser

/// `martlet webhook …`.
struct WebhookCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Show webhooks, what was sent to them, and send them a test.",
        subcommands: [WebhookList.self, WebhookShow.self, WebhookTest.self, WebhookDeliveries.self]
    )
}
