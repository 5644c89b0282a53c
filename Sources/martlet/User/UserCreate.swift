import ArgumentParser
import Core

/// `martlet user create NAME`.
struct UserCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a user.",
        discussion: "The password is typed, or read from a file or pipe; it is never an argument."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The name to log in with.")
    var name: String
    @Option(name: .customLong("password-file"), help: "File whose first line is the password; '-' reads a pipe.")
    var passwordFile: String?
    @Flag(name: .customLong("no-password"), help: "Without a password: for who logs in elsewhere.")
    var noPassword = false
    @Flag(name: .customLong("server-administrator"), help: "Manages the server, with every right everywhere.")
    var serverAdministrator = false
    @Option(name: .long, help: "A role as WORKSPACE=ROLE; repeat for more. '*' is every workspace.")
    var role: [String] = []

    func run(_ session: Session) async throws {
        var body: JSONObject = ["name": .string(name), "roles": try RoleArguments.object(role)]
        if !noPassword {
            let password = try PasswordInput.read(file: passwordFile, prompt: "Password for \(name): ", isNew: true)
            body["password"] = .string(password)
        }
        if serverAdministrator { body["server_administrator"] = true }
        try await AccountPages(session: session, noun: .users).create(body)
    }
}
