import ArgumentParser

/// `martlet service-account …`.
struct ServiceAccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service-account",
        abstract: "Manage the accounts of programs, which have tokens and no password.",
        subcommands: [
            ServiceAccountList.self, ServiceAccountShow.self, ServiceAccountCreate.self, ServiceAccountEnable.self,
            ServiceAccountDisable.self, ServiceAccountDelete.self,
        ]
    )
}
