import ArgumentParser
import Core

/// `martlet pipeline cancel RUN`.
struct PipelineCancel: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "cancel", abstract: "Stop a run.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The run's id.")
    var run: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/pipeline-runs/\(ServerClient.segment(run))/cancel"
        let answer = try await session.server.send("POST", path, [:])
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("The run \(run) is asked to stop.")
    }
}
