import ArgumentParser

/// `martlet grant …`.
struct GrantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Give rights to single things: an experiment, a model, a deployment, a pipeline, a dataset.",
        subcommands: [GrantList.self, GrantGive.self, GrantRevoke.self]
    )
}
