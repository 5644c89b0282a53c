import ArgumentParser

/// `martlet apply FILE`.
struct ApplyCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Bring the server to what a manifest declares.",
        discussion: """
            The file is a martlet.yaml, or has KServe's InferenceServices. Everything is checked first; nothing is \
            applied when anything is wrong.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The manifest, such as martlet.yaml.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    func run(_ session: Session) async throws {
        let manifest = try ManifestFile(path: file)
        let answer = try await session.server.send("POST", "/api/martlet/v1/apply", manifest.body)
        guard !session.wroteJSON(answer) else { return }
        DifferenceText(answer: answer, applied: true).write(to: session.terminal)
    }
}
