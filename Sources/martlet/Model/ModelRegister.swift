import ArgumentParser
import Core

/// `martlet model register SOURCE NAME`.
struct ModelRegister: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Register a logged model or a run's folder as a new version."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "models:/m-…, runs:/RUN/PATH or models:/NAME/VERSION.")
    var source: String
    @Argument(help: "The registered model; created if there is none.")
    var name: String
    @Option(name: .long, help: "A description of the version.")
    var description: String?
    @Option(name: .long, help: "An alias to point to the new version.")
    var alias: String?

    private static let prefix = "/api/2.0/mlflow"

    func run(_ session: Session) async throws {
        var body: JSONObject = ["name": .string(name), "source": .string(source)]
        let parts = source.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if source.hasPrefix("runs:/"), parts.count > 2 { body["run_id"] = .string(parts[1]) }
        if source.hasPrefix("models:/m-"), parts.count == 2 { body["model_id"] = .string(parts[1]) }
        body["description"] = description.map(JSONValue.string)
        try await createModel(session)
        let answer = try await session.server.send("POST", "\(Self.prefix)/model-versions/create", .object(body))
        let version = Words.text(answer["model_version"]?["version"])
        if let alias {
            let move: JSONValue = ["name": .string(name), "alias": .string(alias), "version": .string(version)]
            _ = try await session.server.send("POST", "\(Self.prefix)/registered-models/alias", move)
        }
        guard !session.wroteJSON(answer) else { return }
        let suffix = alias.map { "; \(name)@\($0) points to it" } ?? ""
        session.terminal.line(DisplayText.safe("\(name) version \(version)\(suffix)"))
    }

    private func createModel(_ session: Session) async throws {
        do {
            _ = try await session.server.get("\(Self.prefix)/registered-models/get", query: [("name", name)])
        } catch let error as MartletError where error.code == .notFound {
            _ = try await session.server.send(
                "POST",
                "\(Self.prefix)/registered-models/create",
                ["name": .string(name)]
            )
        }
    }
}
