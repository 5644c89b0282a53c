import ArgumentParser
import Core
import Server

/// `martlet pipeline validate FILE`.
struct PipelineValidate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check the pipelines of a file; nothing is changed.",
        discussion: "The server checks them as `martlet apply` would, also that the steps exist."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "A martlet.yaml, or a file with pipelines.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    func run(_ session: Session) async throws {
        let manifest = try ManifestFile(path: file)
        let document = try YAMLDocument.parse(manifest.text)
        guard var section = document["pipelines"]?.objectValue else {
            throw MartletError(.invalidArgument, "\(file): there is no section 'pipelines'.")
        }
        section["include"] = nil
        let answer = try await session.server.send(
            "POST",
            "/api/martlet/v1/pipelines/validate",
            ["pipelines": .object(section)]
        )
        guard !session.wroteJSON(answer) else { return }
        for pipeline in answer["items"]?.arrayValue ?? [] {
            let count = pipeline["nodes"]?.arrayValue?.count ?? 0
            session.terminal.line("\(Words.text(pipeline["name"])): \(count == 1 ? "1 task" : "\(count) tasks"), sound")
        }
    }
}
