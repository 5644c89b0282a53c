import ArgumentParser
import Core

/// `martlet model policy …`.
struct ModelPolicy: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Demand signatures of versions that an alias points to; without arguments, list what is demanded."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The model's name, or '*' for every model.")
    var model: String?
    @Argument(help: "The alias.")
    var alias: String?
    @Option(help: "How many keys must have signed.")
    var signatures = 1
    @Option(help: "A key that counts, by name or id; repeat it for more. (default: every trusted key)")
    var key: [String] = []
    @Flag(help: "Demand nothing any more.")
    var remove = false

    func run(_ session: Session) async throws {
        guard let model else { return try await list(session) }
        guard let alias else { throw MartletError(.invalidArgument, "Name the alias, too.") }
        let path =
            "/api/martlet/v1/models/\(ServerClient.segment(model))/alias-policies/\(ServerClient.segment(alias))"
        let answer: JSONValue
        if remove {
            answer = try await session.server.send("DELETE", path)
        } else {
            let keys = JSONValue.array(key.map(JSONValue.string))
            answer = try await session.server.send("PUT", path, ["signatures": .int(signatures), "keys": keys])
        }
        guard !session.wroteJSON(answer) else { return }
        let verb = remove ? "demands nothing" : "demands \(signatures) \(signatures == 1 ? "signature" : "signatures")"
        session.terminal.line(DisplayText.safe("\(model)@\(alias) \(verb)"))
    }

    private func list(_ session: Session) async throws {
        let answer = try await session.server.get("/api/martlet/v1/alias-policies")
        guard !session.wroteJSON(answer) else { return }
        var table = TextTable([
            .init(title: "MODEL"), .init(title: "ALIAS"), .init(title: "SIGNATURES", alignment: .right),
            .init(title: "KEYS"),
        ])
        for policy in answer["items"]?.arrayValue ?? [] {
            let keys = policy["keys"]?.arrayValue ?? []
            table.add([
                Words.text(policy["model"]), Words.text(policy["alias"]), Words.text(policy["signatures"]),
                keys.isEmpty ? "any trusted key" : Words.text(policy["keys"]),
            ])
        }
        table.write(to: session.terminal, empty: "No alias demands signatures.")
    }
}
