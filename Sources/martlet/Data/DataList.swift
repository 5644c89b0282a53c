import ArgumentParser
import Core

/// `martlet data list`.
struct DataList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List datasets.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        let datasets = try await session.items("/api/martlet/v1/data", limit: list.limit)
        guard !session.wroteJSON(["items": .array(datasets)]) else { return }
        var table = TextTable([
            .init(title: "NAME", isFixed: true), .init(title: "ROWS", alignment: .right),
            .init(title: "COLUMNS", alignment: .right), .init(title: "CHECKS", colour: Words.colour),
            .init(title: "VERSION"), .init(title: "UPDATED"),
        ])
        for dataset in datasets {
            table.add([
                Words.text(dataset["name"]), Words.text(dataset["clean_rows"]), Words.text(dataset["columns"]),
                Self.checks(dataset), String(Words.text(dataset["version"]).prefix(12)),
                Words.time(dataset["updated_at"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no datasets; declare one and run `martlet apply`.")
    }

    /// What the last checks came to.
    static func checks(_ dataset: JSONValue) -> String {
        switch dataset["checks_passed"]?.boolValue {
        case true: "passed"
        case false: "failed"
        case nil: "–"
        }
    }
}
