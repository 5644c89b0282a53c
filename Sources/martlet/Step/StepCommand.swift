import ArgumentParser

/// `martlet step …`.
struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "Have the server do a built-in step, as pods of a workflow do.",
        subcommands: [StepRun.self]
    )
}
