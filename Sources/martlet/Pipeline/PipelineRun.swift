import ArgumentParser
import Core

/// `martlet pipeline run NAME`.
struct PipelineRun: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Start a run of a pipeline.",
        discussion: "With --follow the logs are printed until the run ends; the status is 1 unless it succeeded."
    )

    @OptionGroup var options: GlobalOptions
    @Option(
        name: .customLong("param"),
        help: ArgumentHelp("A parameter; repeat for more. Numbers, true and false are taken as such.", valueName: "k=v")
    )
    var parameters: [String] = []
    @Option(name: .long, help: "Runs of a higher one start first (-1000 to 1000); the pipeline's own unless given.")
    var priority: Int?
    @Option(name: .long, help: "The same key gives the same run instead of another.")
    var key: String?
    @Flag(name: .shortAndLong, help: "Print the logs until the run ends.")
    var follow = false
    @Argument(help: "The pipeline's name.")
    var pipeline: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/pipelines/\(ServerClient.segment(pipeline))/runs"
        let values = try Self.parsed(parameters)
        var body: JSONObject = ["parameters": .object(values)]
        if let priority { body["priority"] = .int(priority) }
        if let key { body["idempotency_key"] = .string(key) }
        let started = try await session.server.send("POST", path, .object(body))
        guard let id = started["id"]?.stringValue else {
            throw MartletError(.internal, "The server started a run but did not name it.")
        }
        guard follow else {
            guard !session.wroteJSON(started) else { return }
            session.terminal.line(id)
            session.terminal.note("Follow it with `martlet pipeline logs \(id) --follow`.")
            return
        }
        session.terminal.note("Run \(id)")
        try await RunFollower.finish(id, session)
    }

    /// Reads `k=v`; a value that is JSON is taken as JSON, anything else as text.
    static func parsed(_ texts: [String]) throws(MartletError) -> JSONObject {
        var values = JSONObject()
        for text in texts {
            guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
                throw MartletError(.invalidArgument, "'--param \(text)' must be written as name=value.")
            }
            let name = String(text[..<sign])
            guard values[name] == nil else {
                throw MartletError(.invalidArgument, "'--param \(name)' is given twice.")
            }
            let value = String(text[text.index(after: sign)...])
            values[name] = (try? JSONValue.parse(value)) ?? .string(value)
        }
        return values
    }
}
