import ArgumentParser
import Core

/// `martlet study export NAME`.
struct StudyExport: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write all trials as CSV, or with --json as JSON."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .shortAndLong, help: "The file to write; standard output by default.")
    var output: String?
    @Argument(help: "The study's name.")
    var name: String

    func run(_ session: Session) async throws {
        let study = try await session.server.get(StudyCommand.path(name))
        let count = Int(Words.integer(study["trial_count"]) ?? 0)
        let trials = try await session.items("\(StudyCommand.path(name))/trials", limit: max(1, count))
        let text = session.json ? JSONValue.array(trials).prettyPrinted() : Self.csv(study, trials)
        if let output {
            try OutputFile.write(text + (text.hasSuffix("\n") ? "" : "\n"), to: output)
        } else {
            session.terminal.line(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        }
    }

    private static func csv(_ study: JSONValue, _ trials: [JSONValue]) -> String {
        let parameters = (study["space"]?.objectValue ?? [:]).keys
        let objectives = (study["objectives"]?.arrayValue ?? []).compactMap(\.stringValue)
        var lines = [(["number", "state"] + objectives + parameters).map(field).joined(separator: ",")]
        for trial in trials {
            let values = trial["values"]?.arrayValue ?? []
            var row = [text(trial["number"]), text(trial["state"])]
            row += objectives.indices.map { $0 < values.count ? text(values[$0]) : "" }
            row += parameters.map { text(trial["params"]?[$0]) }
            lines.append(row.map(field).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ value: JSONValue?) -> String {
        switch value {
        case nil: ""
        case .string(let text): text
        case let other?: other.description
        }
    }

    private static func field(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"\(text.replacing("\"", with: "\"\""))\""
    }
}
