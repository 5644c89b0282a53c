import ArgumentParser
import Core

/// `martlet experiment create NAME`.
struct ExperimentCreate: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Create an experiment.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "Its name, which no other experiment has.")
    var name: String
    @Option(name: .long, help: "A tag as key=value; repeat for more.")
    var tag: [String] = []

    func run(_ session: Session) async throws {
        var tags: [JSONValue] = []
        for text in tag {
            guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
                throw MartletError(.invalidArgument, "--tag must be key=value, but is '\(text)'.")
            }
            let value = String(text[text.index(after: sign)...])
            tags.append(["key": .string(String(text[..<sign])), "value": .string(value)])
        }
        var body: JSONObject = ["name": .string(name)]
        if !tags.isEmpty { body["tags"] = .array(tags) }
        let answer = try await session.server.send("POST", "/api/2.0/mlflow/experiments/create", .object(body))
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line(Words.text(answer["experiment_id"]))
    }
}
