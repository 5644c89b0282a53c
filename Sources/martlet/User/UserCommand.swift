import ArgumentParser

/// `martlet user …`.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Manage the people who may log in.",
        subcommands: [
            UserList.self, UserShow.self, UserCreate.self, UserPassword.self, UserEnable.self, UserDisable.self,
            UserLogout.self, UserDelete.self,
        ]
    )
}
