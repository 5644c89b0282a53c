import ArgumentParser
import Core

/// `martlet webhook list`.
struct WebhookList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List webhooks.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        let webhooks = try await session.items("/api/martlet/v1/webhooks", limit: list.limit)
        guard !session.wroteJSON(["items": .array(webhooks)]) else { return }
        var table = TextTable([
            .init(title: "ID", isFixed: true), .init(title: "NAME"), .init(title: "STATUS", colour: Words.colour),
            .init(title: "SIGNED"), .init(title: "URL"), .init(title: "EVENTS"),
        ])
        for webhook in webhooks {
            table.add([
                Words.text(webhook["webhook_id"]), Words.text(webhook["name"]),
                Words.text(webhook["status"]).lowercased(), Words.text(webhook["signed"]), Words.text(webhook["url"]),
                Words.text(webhook["events"]),
            ])
        }
        table.write(
            to: session.terminal,
            empty: "There are no webhooks; `martlet webhook create` or MLflow's client makes one."
        )
    }
}
