import ArgumentParser
import Core

/// `martlet webhook deliveries ID`.
struct WebhookDeliveries: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "List what was sent to a webhook, or waits to be sent, the newest first."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Argument(help: "The webhook's id.")
    var webhook: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/webhooks/\(ServerClient.segment(webhook))/deliveries"
        let deliveries = try await session.items(path, limit: list.limit)
        guard !session.wroteJSON(["items": .array(deliveries)]) else { return }
        var table = TextTable([
            .init(title: "AT"), .init(title: "EVENT"), .init(title: "STATUS", colour: Words.colour),
            .init(title: "TRIES", alignment: .right), .init(title: "ANSWER", alignment: .right),
            .init(title: "DELIVERY", isFixed: true), .init(title: "REASON"),
        ])
        for delivery in deliveries {
            table.add([
                Words.time(delivery["created_at"]), Words.text(delivery["event"]), Words.text(delivery["status"]),
                Words.text(delivery["attempts"]), Words.text(delivery["response_status"]),
                Words.text(delivery["delivery_id"]), Words.text(delivery["error"]),
            ])
        }
        table.write(to: session.terminal, empty: "Nothing was sent to this webhook yet.")
    }
}
