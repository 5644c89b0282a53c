import ArgumentParser

/// `martlet token …`.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke the tokens that let programs in.",
        subcommands: [TokenList.self, TokenCreate.self, TokenRevoke.self]
    )
}
