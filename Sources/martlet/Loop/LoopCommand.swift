import ArgumentParser

/// `martlet loop …`.
struct LoopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loop",
        abstract: "Show loops and fire triggers.",
        subcommands: [LoopList.self, LoopShow.self, LoopFire.self]
    )
}
