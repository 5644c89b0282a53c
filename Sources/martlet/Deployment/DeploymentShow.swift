import ArgumentParser
import Core

/// `martlet deployment show NAME`.
struct DeploymentShow: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a deployment, its rollout's checks, its quality and its history."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String

    func run(_ session: Session) async throws {
        let deployment = try await session.server.get(DeploymentCommand.path(name))
        guard !session.wroteJSON(deployment) else { return }
        DeploymentFacts.write(deployment, session)
        let checks = deployment["rollout"]?["checks"]?.arrayValue ?? []
        write(checks, [("CHECK", "check"), ("OUTCOME", "outcome"), ("DETAIL", "detail")], session)
        let quality = deployment["quality"]?.arrayValue ?? []
        write(
            quality,
            [
                ("HOUR", "start_time"), ("VERSION", "version"), ("PREDICTIONS", "predictions"),
                ("LABELLED", "labelled"),
                ("ACCURACY", "accuracy"),
            ],
            session
        )
        let events = deployment["events"]?.arrayValue ?? []
        write(events, [("AT", "at"), ("WHAT HAPPENED", "note")], session)
    }

    private func write(_ items: [JSONValue], _ columns: [(title: String, key: String)], _ session: Session) {
        guard !items.isEmpty else { return }
        session.terminal.line()
        var table = TextTable(columns.map { .init(title: $0.title, colour: Words.colour) })
        for item in items {
            table.add(
                columns.map { column in
                    let isTime = column.key == "at" || column.key.hasSuffix("_time")
                    return isTime ? Words.time(item[column.key]) : Words.text(item[column.key])
                }
            )
        }
        table.write(to: session.terminal, empty: "")
    }
}
