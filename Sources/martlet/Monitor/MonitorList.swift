import ArgumentParser
import Core

/// `martlet monitor list`.
struct MonitorList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List drift monitors.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        let monitors = try await session.items("/api/martlet/v1/monitors", limit: list.limit)
        guard !session.wroteJSON(["items": .array(monitors)]) else { return }
        var table = TextTable([
            .init(title: "NAME", isFixed: true), .init(title: "DEPLOYMENT"),
            .init(title: "VERDICT", colour: Words.colour), .init(title: "SINCE"),
            .init(title: "P", alignment: .right), .init(title: "ROWS", alignment: .right),
            .init(title: "DRIFTED FEATURES"),
        ])
        for monitor in monitors {
            table.add([
                Words.text(monitor["name"]), Words.text(monitor["deployment"]), Words.text(monitor["state"]),
                Words.time(monitor["since_at"]), Words.text(monitor["p_value"]), Words.text(monitor["rows"]),
                Words.text(monitor["drifted_features"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no monitors; declare one and run `martlet apply`.")
    }
}
