import ArgumentParser
import Core

/// `martlet model list`.
struct ModelList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List registered models.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        let models = try await MLflowPages(session).models(limit: list.limit)
        guard !session.wroteJSON(["registered_models": .array(models)]) else { return }
        var table = TextTable([
            .init(title: "NAME", isFixed: true), .init(title: "LATEST", alignment: .right), .init(title: "ALIASES"),
            .init(title: "UPDATED"),
        ])
        for model in models {
            let versions = (model["latest_versions"]?.arrayValue ?? []).compactMap { Words.integer($0["version"]) }
            let updated = Words.integer(model["last_updated_timestamp"]).map(JSONValue.integer)
            table.add([
                Words.text(model["name"]), versions.max().map { "\($0)" } ?? "–", Self.aliases(model),
                Words.time(updated),
            ])
        }
        table.write(to: session.terminal, empty: "There are no registered models.")
    }

    /// Aliases as `production → 3`.
    static func aliases(_ model: JSONValue) -> String {
        let aliases = model["aliases"]?.arrayValue ?? []
        let texts = aliases.map { "\(Words.text($0["alias"])) → \(Words.text($0["version"]))" }
        return texts.isEmpty ? "–" : texts.sorted().joined(separator: ", ")
    }
}
