import ArgumentParser
import Core

/// `martlet model card NAME/VERSION`.
struct ModelCardCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "card",
        abstract: "The card of a version: data, training, results with intervals, segments, what it is for."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The version as NAME/VERSION or NAME@ALIAS.")
    var model: String
    @Flag(name: .long, help: "As a page of HTML in place of Markdown.")
    var html = false
    @Option(name: .customLong("to"), help: "The file that the card is written to. (default: standard output)")
    var file: String?

    func run(_ session: Session) async throws {
        let parts = model.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "/" || $0 == "@" }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw MartletError(
                .invalidArgument,
                "Write the version like cancer/3 or cancer@production, not '\(model)'."
            )
        }
        let (name, version) = (String(parts[0]), String(parts[1]))
        let answer = try await session.server.get(
            "/api/martlet/v1/models/\(ServerClient.segment(name))/versions/\(ServerClient.segment(version))/card"
        )
        let text = answer[html ? "html" : "markdown"]?.stringValue ?? ""
        if let file {
            try OutputFile.write(text, to: file)
            session.terminal.note("Wrote \(file).")
            guard session.json else { return }
        }
        guard !session.wroteJSON(answer["card"] ?? .null) else { return }
        session.terminal.line(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }
}
