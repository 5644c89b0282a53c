import ArgumentParser

/// `martlet webhook …`.
struct WebhookCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Create and show webhooks, what was sent to them, and send them a test.",
        subcommands: [
            WebhookCreate.self, WebhookList.self, WebhookShow.self, WebhookTest.self, WebhookDeliveries.self,
            WebhookDelete.self,
        ]
    )
}
