import ArgumentParser
import Core
import Server

/// `martlet token create NAME`.
struct TokenCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token; it is printed this once.",
        discussion: """
            A token can do what its owner may, as far as its scopes go: account, read, predict, write and operate unless
            --scope says otherwise. Who is locked out stops the server and makes a token that manages it with --offline.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "What you call it.")
    var name: String
    @Option(name: .long, help: "The service account it is for; your own account by default.")
    var account: String?
    @Option(name: .long, help: "account, read, predict, write, operate, admin, metrics or server; repeat for more.")
    var scope: [String] = []
    @Option(name: .customLong("for-workspace"), help: "The only workspace that it opens.")
    var forWorkspace: String?
    @Option(name: .long, help: "When it ends, such as 90d or 12h. (default: never)")
    var expires: String?
    @Option(name: .long, help: "Most requests a second.")
    var rate: Double?
    @Flag(name: .long, help: "Make it in the data directory of a server that is stopped.")
    var offline = false
    @OptionGroup(title: "Where, with --offline") var place: PlaceOptions

    func validate() throws {
        guard offline || (place.data == nil && place.database == nil && place.artifacts == nil) else {
            throw ValidationError("--data, --database and --artifacts go with --offline.")
        }
        guard !offline || (scope.isEmpty && forWorkspace == nil && expires == nil && rate == nil) else {
            throw ValidationError("With --offline the token is that of a server administrator and works for a day.")
        }
    }

    func run() async throws {
        try await CommandFailure.explaining {
            guard offline else {
                let server = try ServerClient(address: options.address, access: try options.access())
                return try await run(Session(server: server, terminal: .standard, clock: .system, json: options.json))
            }
            let secret = try await OfflineAccess.token(settings: try place.settings(), account: account)
            Terminal.standard.line(
                options.json ? JSONValue.object(["secret": .string(secret)]).prettyPrinted() : secret
            )
        }
    }

    func run(_ session: Session) async throws {
        var body: JSONObject = ["name": .string(name)]
        body["account"] = account.map(JSONValue.string)
        if !scope.isEmpty { body["scopes"] = .array(scope.map(JSONValue.string)) }
        body["workspace"] = forWorkspace.map(JSONValue.string)
        body["expires_in"] = expires.map(JSONValue.string)
        body["rate_per_second"] = rate.map(JSONValue.number)
        let token = try await session.server.send("POST", "/api/martlet/v1/tokens", .object(body))
        guard !session.wroteJSON(token) else { return }
        session.terminal.line(Words.text(token["secret"]))
        session.terminal.note(
            "Keep it now: it is not shown again. Revoke it with: martlet token revoke \(Words.text(token["id"]))"
        )
    }
}
