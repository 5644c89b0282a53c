import ArgumentParser
import Core

/// `martlet diff FILE`.
struct DiffCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what applying a manifest would change.",
        discussion: "Nothing is changed. With --exit-code the status is 1 when something differs."
    )

    @OptionGroup var options: GlobalOptions
    @Flag(name: .long, help: "End with status 1 when something differs, as for a check in CI.")
    var exitCode = false
    @Argument(help: "The manifest, such as martlet.yaml.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    func run(_ session: Session) async throws {
        let manifest = try ManifestFile(path: file)
        let answer = try await session.server.send("POST", "/api/martlet/v1/diff", manifest.body)
        if !session.wroteJSON(answer) { ChangeTable.write(answer, applied: false, to: session.terminal) }
        let differs = answer["changes"]?.arrayValue?.contains { $0["change"] != "unchanged" } ?? false
        if exitCode && differs { throw ExitCode.failure }
    }
}
