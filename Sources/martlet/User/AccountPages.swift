import Core

/// Users or service accounts, as the server lists and shows them.
struct AccountPages {
    /// Which of the two.
    enum Noun: String {
        case users
        case serviceAccounts = "service-accounts"
    }

    let session: Session
    let noun: Noun

    private func path(_ name: String) -> String {
        "/api/martlet/v1/\(noun.rawValue)/\(ServerClient.segment(name))"
    }

    /// Writes the list.
    func list(limit: Int) async throws {
        let accounts = try await session.items("/api/martlet/v1/\(noun.rawValue)", limit: limit)
        guard !session.wroteJSON(["items": .array(accounts)]) else { return }
        var table = TextTable([
            .init(title: "NAME"), .init(title: "ROLES"), .init(title: "SERVER"),
            .init(title: "STATUS", colour: Self.colour),
            .init(title: "PASSWORD"), .init(title: "LAST LOG-IN"),
        ])
        for account in accounts {
            table.add([
                Words.text(account["name"]), Words.text(account["roles"]),
                account["server_administrator"] == true ? "administrator" : "–", Self.status(account),
                Words.text(account["has_password"]), Words.time(account["last_login_at"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are none.")
    }

    /// Writes one account.
    func show(_ name: String) async throws {
        let account = try await session.server.get(path(name))
        guard !session.wroteJSON(account) else { return }
        write(account)
    }

    /// Makes an account.
    func create(_ body: JSONObject) async throws {
        let account = try await session.server.send("POST", "/api/martlet/v1/\(noun.rawValue)", .object(body))
        guard !session.wroteJSON(account) else { return }
        write(account)
    }

    /// Changes an account.
    func change(_ name: String, _ body: JSONObject) async throws {
        let account = try await session.server.send("PATCH", path(name), .object(body))
        guard !session.wroteJSON(account) else { return }
        write(account)
    }

    /// Removes an account.
    func delete(_ name: String) async throws {
        let answer = try await session.server.send("DELETE", path(name))
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(name) is gone, with its tokens, roles and grants.")
    }

    private func write(_ account: JSONValue) {
        var facts = Facts()
        facts.add("name", account["name"]?.stringValue)
        facts.add("status", Self.status(account))
        facts.add("server", account["server_administrator"] == true ? "administrator" : nil)
        facts.add("roles", Words.text(account["roles"]))
        facts.add("password", account["has_password"] == true ? "set" : nil)
        facts.add("created", Words.time(account["created_at"]))
        facts.add("last log-in", account["last_login_at"].map { Words.time($0) })
        facts.write(to: session.terminal)
    }

    private static func status(_ account: JSONValue) -> String {
        account["disabled"] == true ? "locked" : "active"
    }

    private static func colour(_ word: String) -> Terminal.Colour? {
        word == "locked" ? .bad : nil
    }
}

/// Roles on the command line.
enum RoleArguments {
    /// `workspace=role` pairs as the server takes them.
    ///
    /// - Throws: `invalidArgument` for what is no pair.
    static func object(_ pairs: [String]) throws(MartletError) -> JSONValue {
        var roles = JSONObject()
        for pair in pairs {
            let sides = pair.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
                throw MartletError(
                    .invalidArgument,
                    "--role must be WORKSPACE=ROLE such as default=editor, not '\(pair)'."
                )
            }
            roles[String(sides[0])] = .string(String(sides[1]))
        }
        return .object(roles)
    }
}
