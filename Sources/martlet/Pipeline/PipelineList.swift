import ArgumentParser
import Core

/// `martlet pipeline list`.
struct PipelineList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List pipelines.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        let pipelines = try await session.items("/api/martlet/v1/pipelines", limit: list.limit)
        guard !session.wroteJSON(["items": .array(pipelines)]) else { return }
        var table = TextTable([
            .init(title: "NAME", isFixed: true), .init(title: "TASKS", alignment: .right), .init(title: "PARAMETERS"),
            .init(title: "LAST RUN", colour: Words.colour), .init(title: "STARTED"),
        ])
        for pipeline in pipelines {
            let last = pipeline["last_run"]
            let tasks = pipeline["tasks"]
            let count = tasks?.arrayValue?.count ?? tasks?.objectValue?.count ?? tasks?.integerValue.map { Int($0) }
            table.add([
                Words.text(pipeline["name"]), count.map { "\($0)" } ?? "–", Words.text(pipeline["parameters"]),
                Words.text(last?["state"]), Words.time(last?["started_at"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no pipelines; declare one and run `martlet apply`.")
    }
}
