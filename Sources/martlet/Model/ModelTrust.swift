import ArgumentParser
import Core
import Registry

/// `martlet model trust …`.
struct ModelTrust: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Trust a public key to sign versions, revoke one, or list them."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "What people call the key; without it the keys are listed.")
    var name: String?
    @Option(help: "File with the public key.")
    var key: String?
    @Flag(help: "Trust the key no more: none of its signatures counts from now on.")
    var revoke = false

    private static let path = "/api/martlet/v1/signing-keys"

    func run(_ session: Session) async throws {
        guard let name else { return try await list(session) }
        let answer: JSONValue
        if revoke {
            answer = try await session.server.send("DELETE", "\(Self.path)/\(ServerClient.segment(name))")
        } else if let key {
            let pem = try KeyFile.publicKey(key).pem
            answer = try await session.server.send(
                "POST",
                Self.path,
                ["name": .string(name), "public_key": .string(pem)]
            )
        } else {
            throw MartletError(.invalidArgument, "Give --key FILE to trust a key, or --revoke.")
        }
        guard !session.wroteJSON(answer) else { return }
        let verb = revoke ? "revoked" : "trusted"
        session.terminal.line(DisplayText.safe("\(verb) \(Words.text(answer["name"])) (\(Words.text(answer["id"])))"))
    }

    private func list(_ session: Session) async throws {
        let answer = try await session.server.get(Self.path)
        guard !session.wroteJSON(answer) else { return }
        var table = TextTable([
            .init(title: "NAME"), .init(title: "ID", isFixed: true), .init(title: "CREATED"), .init(title: "REVOKED"),
        ])
        for key in answer["items"]?.arrayValue ?? [] {
            table.add([
                Words.text(key["name"]), Words.text(key["id"]), Words.time(key["created_at"]),
                Words.time(key["revoked_at"]),
            ])
        }
        table.write(to: session.terminal, empty: "No key is trusted; add one with --key FILE.")
    }
}
