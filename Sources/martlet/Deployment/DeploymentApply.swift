import ArgumentParser
import Core
import Server

/// `martlet deployment apply -f FILE`.
struct DeploymentApply: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Create or change the deployments of a file.",
        discussion: """
            The file is YAML or JSON: a whole martlet.yaml, of which only the section 'deployments' is taken, or that \
            section's content: names and what is deployed under them.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: [.customShort("f"), .customLong("file")], help: "The file.", completion: .file())
    var file: String

    func run(_ session: Session) async throws {
        let deployments = try Self.deployments(try ManifestFile(path: file))
        var answers: [JSONValue] = []
        for (name, entry) in deployments {
            answers.append(try await session.server.send("PUT", DeploymentCommand.path(name), entry))
        }
        guard !session.wroteJSON(["items": .array(answers)]) else { return }
        DeploymentFacts.table(answers).write(to: session.terminal, empty: "")
    }

    /// The entries of a file, by name.
    ///
    /// - Throws: `invalidArgument` naming the file.
    static func deployments(_ file: ManifestFile) throws(MartletError) -> [(name: String, entry: JSONValue)] {
        let document = try YAMLDocument.parse(file.text)
        guard let object = (document["deployments"] ?? document).objectValue, !object.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "'\(file.name)' declares no deployments; write a name with 'model: models:/<name>@<alias>' below it."
            )
        }
        var entries: [(name: String, entry: JSONValue)] = []
        for (name, entry) in object.pairs {
            guard entry.objectValue != nil else {
                throw MartletError(.invalidArgument, "'\(file.name)': '\(name.prefix(100))' must be an object.")
            }
            entries.append((name, entry))
        }
        return entries
    }
}
