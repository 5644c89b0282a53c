import ArgumentParser
import Core

/// `martlet pipeline resume RUN`.
struct PipelineResume: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a run that failed or was cancelled.",
        discussion: "What succeeded stays; everything else is done. With --follow the logs are printed until it ends."
    )

    @OptionGroup var options: GlobalOptions
    @Flag(name: .long, help: "Print the logs until the run ends.")
    var follow = false
    @Argument(help: "The run's id.")
    var run: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/pipeline-runs/\(ServerClient.segment(run))/resume"
        let resumed = try await session.server.send("POST", path, [:])
        guard follow else {
            guard !session.wroteJSON(resumed) else { return }
            session.terminal.line("The run \(run) goes on.")
            return
        }
        try await RunFollower.finish(run, session)
    }
}

/// `martlet pipeline rerun RUN TASK`.
struct PipelineRerun: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerun",
        abstract: "Do one task of a run again, in a run of its own, on what the tasks before it gave then."
    )

    @OptionGroup var options: GlobalOptions
    @Flag(name: .long, help: "Do the tasks that need it again, too.")
    var dependents = false
    @Flag(name: .long, help: "Print the logs until the run ends.")
    var follow = false
    @Argument(help: "The run's id.")
    var run: String
    @Argument(help: "The task's name.")
    var task: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/pipeline-runs/\(ServerClient.segment(run))/rerun"
        let started = try await session.server.send(
            "POST",
            path,
            ["task": .string(task), "dependents": .bool(dependents)]
        )
        guard let id = started["id"]?.stringValue else {
            throw MartletError(.internal, "The server started a run but did not name it.")
        }
        guard follow else {
            guard !session.wroteJSON(started) else { return }
            session.terminal.line(id)
            return
        }
        try await RunFollower.finish(id, session)
    }
}
