import ArgumentParser

/// `martlet loop …`.
struct LoopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loop",
        abstract: "Show loops, answer their questions, stop them and fire triggers.",
        subcommands: [
            LoopList.self, LoopShow.self, LoopTriggers.self, LoopFire.self, LoopApprove.self, LoopReject.self,
            LoopCancel.self,
        ]
    )
}
