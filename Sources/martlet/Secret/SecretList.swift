import ArgumentParser
import Core

/// `martlet secret list`.
struct SecretList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List secrets: names, versions, who set them and when; never values."
    )

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) async throws {
        let answer = try await session.server.get("/api/martlet/v1/secrets")
        guard !session.wroteJSON(answer) else { return }
        var table = TextTable([
            .init(title: "NAME"), .init(title: "VERSION", alignment: .right), .init(title: "SET AT"),
            .init(title: "SET BY"), .init(title: "KEY", isFixed: true),
        ])
        for secret in answer["items"]?.arrayValue ?? [] {
            table.add([
                Words.text(secret["name"]), Words.text(secret["version"]), Words.time(secret["updated_at"]),
                Words.text(secret["updated_by"]), Words.text(secret["key_id"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no secrets; set one with `martlet secret set NAME`.")
    }
}
