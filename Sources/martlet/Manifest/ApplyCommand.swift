import ArgumentParser

/// `martlet apply FILE`.
struct ApplyCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Bring the server to what a manifest declares.",
        discussion: "Everything is checked first; nothing is applied when anything is wrong."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The manifest, such as martlet.yaml.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    func run(_ session: Session) async throws {
        let manifest = try ManifestFile(path: file)
        let answer = try await session.server.send("POST", "/api/martlet/v1/apply", manifest.body)
        guard !session.wroteJSON(answer) else { return }
        ChangeTable.write(answer, applied: true, to: session.terminal)
    }
}
