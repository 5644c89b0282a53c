package import Core
import HTTPSupport
import Storage

/// People who come through an issuer of identities.
extension AccessStore {
    /// The account of somebody whom an issuer vouches for, made when they come for the first time, with the roles that
    /// their groups give now.
    ///
    /// The account is found by issuer and subject only: an account that happens to have the same name is somebody else's,
    /// and the new one gets another name.
    ///
    /// - Throws: `resourceExhausted` when there are too many accounts.
    package func account(
        issuer: String,
        subject: String,
        name: String,
        groups: [String]
    ) async throws(MartletError) -> Account {
        try IdentityRules.checkText(issuer, "issuer")
        try IdentityRules.checkText(subject, "subject")
        let groups = Array(groups.prefix(IdentityLimits.groupsPerSubject))
        let (fresh, now) = (Identifier.random(), clock.now)
        return try await change { connection in
            let row = try connection.first(
                "SELECT * FROM access_subjects WHERE issuer = ? AND subject = ?",
                [.text(issuer), .text(subject)]
            )
            let id = try row?.text("account_id") ?? fresh
            if row == nil {
                let free = try Self.freeName(connection, like: name, subject: subject)
                try Self.insertAccount(connection, id, free, .user, nil, false, now)
                try connection.execute(
                    """
                    INSERT INTO access_subjects (issuer, subject, account_id, group_names, is_server_administrator,
                        created_at) VALUES (?, ?, ?, '[]', 0, ?)
                    """,
                    [.text(issuer), .text(subject), .text(id), .integer(now.milliseconds)]
                )
            }
            try connection.execute(
                "UPDATE access_subjects SET group_names = ? WHERE issuer = ? AND subject = ?",
                [.text(JSONValue.array(groups.map(JSONValue.string)).description), .text(issuer), .text(subject)]
            )
            try connection.execute(
                "UPDATE access_accounts SET last_login_at = ? WHERE account_id = ?",
                [.integer(now.milliseconds), .text(id)]
            )
            try Self.applyGroupRules(connection, to: id, rules: try Self.groupRules(connection))
            let account = try Self.account(connection, id)
            if row == nil {
                connection.note(
                    Change(object: "account:\(account.name)", before: nil, after: AccessWire.summary(account))
                )
            }
            return account
        }
    }

    /// A name that nobody has: the one that the issuer gives, or that with an ending made from the subject.
    private static func freeName(_ connection: Connection, like name: String, subject: String) throws -> String {
        let marks: Set<Character> = ["-", ".", "_", "@", "+"]
        let letters: [Character] = name.unicodeScalars.map { IdentityRules.isNameCharacter($0) ? Character($0) : "-" }
        let cleaned = String(letters.drop(while: marks.contains).prefix(IdentityLimits.accountNameLength - 20))
        let base = cleaned.isEmpty ? "user" : cleaned
        let ending = SecretHash(of: subject).text.prefix(8)
        for candidate in [base, "\(base)-\(ending)", "\(base)-\(Identifier.random().prefix(16))"] {
            if try connection.first(byNameKey, [.text(IdentityRules.key(candidate))]) == nil { return candidate }
        }
        throw MartletError(.alreadyExists, "There is an account '\(base)' already.")
    }

    /// Replaces the roles that an account has through groups by those that the rules give now.
    private static func applyGroupRules(_ connection: Connection, to id: String, rules: [GroupRule]) throws {
        try connection.execute(
            "DELETE FROM access_roles WHERE account_id = ? AND source = ?",
            [.text(id), .text(grouped)]
        )
        var roles: [String: Role] = [:]
        for row in try connection.query("SELECT * FROM access_subjects WHERE account_id = ?", [.text(id)]) {
            let known = try subject(row)
            let outcome = GroupRule.outcome(of: rules, issuer: known.issuer, groups: Set(known.groups))
            for (workspace, role) in outcome.roles { roles[workspace] = max(role, roles[workspace] ?? role) }
            try connection.execute(
                "UPDATE access_subjects SET is_server_administrator = ? WHERE issuer = ? AND subject = ?",
                [.bool(outcome.isServerAdministrator), .text(known.issuer), .text(known.subject)]
            )
        }
        for (workspace, role) in roles { try putRole(connection, id, workspace, grouped, role) }
    }

    /// The rules that turn groups into roles, in order.
    package func groupRules() async throws(MartletError) -> [GroupRule] {
        try await database.read { try Self.groupRules($0) }
    }

    static func groupRules(_ connection: Connection) throws -> [GroupRule] {
        try connection.query("SELECT * FROM access_group_rules ORDER BY position").map { try groupRule($0) }
    }

    /// Replaces all rules; what people have through groups is worked out again at once.
    ///
    /// - Throws: `invalidArgument`, `notFound` for a workspace, `resourceExhausted`.
    package func setGroupRules(_ rules: [GroupRule]) async throws(MartletError) {
        guard rules.count <= IdentityLimits.groupRules else {
            throw MartletError(.resourceExhausted, "At most \(IdentityLimits.groupRules) rules are possible.")
        }
        for rule in rules {
            try IdentityRules.checkText(rule.group, "group")
            if let issuer = rule.issuer { try IdentityRules.checkText(issuer, "issuer") }
            guard rule.role != nil || rule.isServerAdministrator else {
                throw MartletError(.invalidArgument, "The rule for group '\(rule.group)' gives nothing; name a role.")
            }
        }
        try await change { connection in
            let before = try Self.groupRules(connection)
            try connection.execute("DELETE FROM access_group_rules")
            for (position, rule) in rules.enumerated() {
                try Self.requireWorkspace(connection, rule.workspace)
                try connection.execute(
                    """
                    INSERT INTO access_group_rules (position, issuer, group_name, workspace, role,
                        is_server_administrator) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                    [
                        .int(position), SQLValue(rule.issuer), .text(rule.group), .text(rule.workspace),
                        SQLValue(rule.role?.rawValue), .bool(rule.isServerAdministrator),
                    ]
                )
            }
            let known = try connection.query("SELECT DISTINCT account_id FROM access_subjects ORDER BY account_id")
            for row in known { try Self.applyGroupRules(connection, to: try row.text("account_id"), rules: rules) }
            connection.note(
                Change(
                    object: "group-rules",
                    before: .array(before.map(AccessWire.groupRule)),
                    after: .array(rules.map(AccessWire.groupRule))
                )
            )
        }
    }
}
