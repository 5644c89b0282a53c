import ArgumentParser
import Core

/// `martlet model show NAME`.
struct ModelShow: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one registered model and its versions."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Argument(help: "The model's name.")
    var model: String

    func run(_ session: Session) async throws {
        let pages = MLflowPages(session)
        let found = try await pages.model(model)
        let versions = try await pages.versions(of: model, limit: list.limit)
        guard !session.wroteJSON(["registered_model": found, "model_versions": .array(versions)]) else { return }
        var facts = Facts()
        facts.add("name", Words.text(found["name"]))
        facts.add("aliases", ModelList.aliases(found))
        facts.add("description", found["description"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 })
        facts.write(to: session.terminal)
        session.terminal.line()
        var table = TextTable([
            .init(title: "VERSION", alignment: .right, isFixed: true), .init(title: "ALIASES"),
            .init(title: "STATUS", colour: Words.colour), .init(title: "CREATED"), .init(title: "RUN", isFixed: true),
            .init(title: "DESCRIPTION"),
        ])
        let sorted = versions.sorted { Words.integer($0["version"]) ?? 0 > Words.integer($1["version"]) ?? 0 }
        for version in sorted {
            let created = Words.integer(version["creation_timestamp"]).map(JSONValue.integer)
            table.add([
                Words.text(version["version"]), Words.text(version["aliases"]), Words.text(version["status"]),
                Words.time(created), Words.text(version["run_id"]), Words.text(version["description"]),
            ])
        }
        table.write(to: session.terminal, empty: "The model has no versions.")
    }
}
