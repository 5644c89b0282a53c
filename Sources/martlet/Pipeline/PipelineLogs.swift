import ArgumentParser
import Core

/// `martlet pipeline logs RUN`.
struct PipelineLogs: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Print the logs of a run.")

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "Only this task's lines.")
    var task: String?
    @Flag(name: .shortAndLong, help: "Wait for more lines until the run ends; the status is 1 unless it succeeded.")
    var follow = false
    @Argument(help: "The run's id.")
    var run: String

    func run(_ session: Session) async throws {
        let follower = RunFollower(runID: run, task: task, session: session)
        guard follow else {
            _ = session.wroteJSON(try await follower.printOnce())
            return
        }
        let ended = try await follower.follow()
        _ = session.wroteJSON(ended)
        if ended["state"] != "succeeded" { throw ExitCode.failure }
    }
}
