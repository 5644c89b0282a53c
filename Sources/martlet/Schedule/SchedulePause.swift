import ArgumentParser
import Core

/// `martlet schedule pause PIPELINE TRIGGER`.
struct SchedulePause: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stop a trigger from firing, until it is resumed."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var which: TriggerOptions

    func run(_ session: Session) async throws {
        let path = ScheduleCommand.path(which.pipeline, which.trigger, "/pause")
        let answer = try await session.server.send("POST", path, [:])
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("The trigger \(which.trigger) of \(which.pipeline) is paused.")
    }
}

/// `martlet schedule resume PIPELINE TRIGGER`.
struct ScheduleResume: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let a paused trigger fire again.",
        discussion: "Times that came during the pause are over, unless --catch-up lets the trigger's catch_up decide."
    )

    @OptionGroup var options: GlobalOptions
    @Flag(name: .long, help: "Count the times that came during the pause as missed.")
    var catchUp = false
    @OptionGroup var which: TriggerOptions

    func run(_ session: Session) async throws {
        let path = ScheduleCommand.path(which.pipeline, which.trigger, "/resume")
        let answer = try await session.server.send("POST", path, ["catch_up": .bool(catchUp)])
        guard !session.wroteJSON(answer) else { return }
        let next = answer["next"]?.stringValue.map { "; it fires next at \($0)" } ?? ""
        session.terminal.line("The trigger \(which.trigger) of \(which.pipeline) goes on\(next).")
    }
}

/// `martlet schedule fire PIPELINE TRIGGER`.
struct ScheduleFire: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "fire",
        abstract: "Fire a trigger by hand, also one that is paused.",
        discussion: "With --follow the logs are printed until the run ends; the status is 1 unless it succeeded."
    )

    @OptionGroup var options: GlobalOptions
    @Option(
        name: .customLong("param"),
        help: ArgumentHelp("A parameter instead of the trigger's; repeat for more.", valueName: "k=v")
    )
    var parameters: [String] = []
    @Option(name: .long, help: "The time that the run is for, such as 2026-05-01T03:00:00Z; now unless given.")
    var time: String?
    @Flag(name: .shortAndLong, help: "Print the logs until the run ends.")
    var follow = false
    @OptionGroup var which: TriggerOptions

    func run(_ session: Session) async throws {
        var body: JSONObject = ["parameters": .object(try PipelineRun.parsed(parameters))]
        if let time { body["time"] = .string(time) }
        let path = ScheduleCommand.path(which.pipeline, which.trigger, "/fire")
        let started = try await session.server.send("POST", path, .object(body))
        guard let id = started["id"]?.stringValue else {
            throw MartletError(.internal, "The server started a run but did not name it.")
        }
        guard follow else {
            guard !session.wroteJSON(started) else { return }
            session.terminal.line(id)
            return
        }
        session.terminal.note("Run \(id)")
        try await RunFollower.finish(id, session)
    }
}
