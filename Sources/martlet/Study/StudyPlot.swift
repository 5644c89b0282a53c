import ArgumentParser
import Core

/// `martlet study plot NAME KIND`.
struct StudyPlot: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Write a plot as SVG: history, slice, parallel, contour, importance, pareto or intermediate."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .shortAndLong, help: "The file to write; NAME-KIND.svg by default.")
    var output: String?
    @Option(name: .long, help: "The parameters to show, separated by commas.")
    var params: String?
    @Option(name: .long, help: "Which objective, from 0.")
    var objective = 0
    @Argument(help: "The study's name.")
    var name: String
    @Argument(help: "Which plot.")
    var kind: String

    func run(_ session: Session) async throws {
        var query = "?objective=\(objective)"
        if let params { query += "&params=\(ServerClient.segment(params))" }
        let path = "\(StudyCommand.path(name))/plots/\(ServerClient.segment(kind))\(query)"
        guard let svg = try await session.server.file(path) else {
            throw MartletError(.notFound, "There is no study '\(name)', or no plot '\(kind)'.")
        }
        let file = output ?? "\(name)-\(kind).svg"
        try OutputFile.write(svg, to: file)
        guard !session.wroteJSON(["file": .string(file), "bytes": .int(svg.count)]) else { return }
        session.terminal.line(DisplayText.safe(file))
    }
}
