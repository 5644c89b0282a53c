import ArgumentParser
import Core

/// `martlet service-account create NAME`.
struct ServiceAccountCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a service account.",
        discussion: "Give it a token with: martlet token create NAME-OF-TOKEN --account NAME"
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "Its name.")
    var name: String
    @Flag(name: .customLong("server-administrator"), help: "Manages the server, with every right everywhere.")
    var serverAdministrator = false
    @Option(name: .long, help: "A role as WORKSPACE=ROLE; repeat for more. '*' is every workspace.")
    var role: [String] = []

    func run(_ session: Session) async throws {
        var body: JSONObject = ["name": .string(name), "roles": try RoleArguments.object(role)]
        if serverAdministrator { body["server_administrator"] = true }
        try await AccountPages(session: session, noun: .serviceAccounts).create(body)
    }
}
