import ArgumentParser
import Core

/// `martlet user password NAME`.
struct UserPassword: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Set a password: your own, or as a server administrator anybody's.",
        discussion: "Every session of the user ends. Tokens stay; revoke them apart."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The user's name.")
    var name: String
    @Option(name: .customLong("password-file"), help: "File whose first line is the new one; '-' reads a pipe.")
    var passwordFile: String?
    @Option(name: .customLong("current-password-file"), help: "File whose first line is your present password.")
    var currentPasswordFile: String?

    func run(_ session: Session) async throws {
        var body = JSONObject()
        if let file = currentPasswordFile {
            let current = try PasswordInput.read(file: file, prompt: "", isNew: false)
            body["current_password"] = .string(current)
        } else if passwordFile == nil {
            let caller = try await session.server.get("/api/martlet/v1/whoami")
            if caller["kind"] == "user", caller["name"]?.stringValue?.lowercased() == name.lowercased() {
                let current = try PasswordInput.read(file: nil, prompt: "Present password: ", isNew: false)
                body["current_password"] = .string(current)
            }
        }
        let password = try PasswordInput.read(file: passwordFile, prompt: "New password: ", isNew: true)
        body["password"] = .string(password)
        let path = "/api/martlet/v1/users/\(ServerClient.segment(name))/password"
        let answer = try await session.server.send("PUT", path, .object(body))
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("The password of \(name) is set.")
    }
}
