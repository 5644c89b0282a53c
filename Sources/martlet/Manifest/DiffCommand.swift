import ArgumentParser
import Core
import Server

/// `martlet diff FILE`.
struct DiffCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what applying a manifest would change.",
        discussion: "Nothing is changed. With --exit-code the status is 2 when something differs."
    )

    /// The status that says that something differs; 1 is a failure.
    private static let differing: Int32 = 2

    @OptionGroup var options: GlobalOptions
    @Flag(name: .long, help: "End with status 2 when something differs, as for a check in CI.")
    var exitCode = false
    @Flag(
        name: .long,
        help: "Print what KServe's InferenceServices become in a martlet.yaml instead; no server is asked."
    )
    var print = false
    @Argument(help: "The manifest, such as martlet.yaml.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    func run(_ session: Session) async throws {
        let manifest = try ManifestFile(path: file)
        guard !print else {
            session.terminal.line(try KServeText.manifest(manifest.text, file: file))
            return
        }
        let answer = try await session.server.send("POST", "/api/martlet/v1/diff", manifest.body)
        if !session.wroteJSON(answer) { DifferenceText(answer: answer, applied: false).write(to: session.terminal) }
        if exitCode && answer["differs"] == true { throw ExitCode(Self.differing) }
    }
}
