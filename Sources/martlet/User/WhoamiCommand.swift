import ArgumentParser
import Core

/// `martlet whoami`.
struct WhoamiCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Say who the server takes you for, and what you may do."
    )

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) async throws {
        let caller = try await session.server.get("/api/martlet/v1/whoami")
        guard !session.wroteJSON(caller) else { return }
        var facts = Facts()
        facts.add("name", caller["name"]?.stringValue)
        facts.add("kind", caller["kind"]?.stringValue?.replacing("_", with: " "))
        facts.add("workspace", caller["workspace"]?.stringValue)
        facts.add("role", caller["role"]?.stringValue)
        facts.add("server", caller["server_administrator"] == true ? "administrator" : nil)
        facts.add("permissions", Words.text(caller["permissions"]))
        facts.add("workspaces", Words.text(caller["workspaces"]))
        facts.write(to: session.terminal)
    }
}
