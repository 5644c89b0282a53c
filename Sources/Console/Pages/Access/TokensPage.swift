package import HTTPSupport

/// Tokens without their secrets: whose, what for, last used, until when; and a form for a new one.
package struct TokensPage: PanelsPage {
    /// A token as lists show it.
    package struct Row: Sendable {
        /// Its id.
        package var id: String
        /// The beginning of its secret.
        package var prefix: String
        /// What its owner calls it.
        package var name: String
        /// Whose it is.
        package var owner: String
        /// What it may be used for.
        package var scopes: PermissionSet
        /// The only workspace it opens; nil for all of its owner's.
        package var workspace: String?
        /// When it was made.
        package var created: TimeText
        /// When it was last used.
        package var used: TimeText?
        /// When it ends.
        package var expires: TimeText?
        /// Whether it has ended already.
        package var isExpired: Bool

        /// Makes a row.
        package init(
            id: String,
            prefix: String,
            name: String,
            owner: String,
            scopes: PermissionSet,
            workspace: String? = nil,
            created: TimeText,
            used: TimeText? = nil,
            expires: TimeText? = nil,
            isExpired: Bool = false
        ) {
            self.id = id
            self.prefix = prefix
            self.name = name
            self.owner = owner
            self.scopes = scopes
            self.workspace = workspace
            self.created = created
            self.used = used
            self.expires = expires
            self.isExpired = isExpired
        }
    }

    /// The tokens.
    package var rows: [Row]
    /// Accounts that a token can be made for: the own name and programs.
    package var owners: [String]
    /// Workspaces that a token can be bound to.
    package var workspaces: [String]
    /// What went wrong or was done.
    package var notices: [Notice]

    /// Makes the page.
    package init(rows: [Row], owners: [String] = [], workspaces: [String] = [], notices: [Notice] = []) {
        self.rows = rows
        self.owners = owners
        self.workspaces = workspaces
        self.notices = notices
    }

    package var head: PageHead { PageHead("Access", section: .access) }

    package var tabs: Markup { AccessTabs.bar("/access/tokens") }

    package var panels: [Panel] {
        [
            Panel(
                "Tokens",
                count: NumberText.count(rows.count),
                content: Self.table(rows, isOwn: false)
                    .markup(orEmpty: EmptyState("No tokens yet.", command: "martlet token create <name>")),
                form: owners.isEmpty ? Markup() : Self.form(owners: owners, workspaces: workspaces, isOwn: false)
            )
        ]
    }

    /// The list; `isOwn` on the page of one's own account.
    static func table(_ rows: [Row], isOwn: Bool) -> TableView {
        var columns: [TableView.Column] = [.init("Token")]
        if !isOwn { columns.append(.init("Of")) }
        columns += [
            .init("For"), .init("Workspace"), .init("Made", numeric: true), .init("Last used", numeric: true),
            .init("Ends", numeric: true), .init("", numeric: true),
        ]
        return TableView(columns: columns, rows: rows.map { cells($0, isOwn: isOwn) })
    }

    private static func cells(_ row: Row, isOwn: Bool) -> [Markup] {
        var name = Markup()
        name.raw("<span class=\"strong clip\">")
        name.text(row.name)
        name.raw("</span><span class=\"sub\"><code>")
        name.text(row.prefix + "…")
        name.raw("</code></span>")
        var cells = [name]
        if !isOwn { cells.append(.text(row.owner)) }
        let scopes = row.scopes.permissions.filter { $0 != .open && $0 != .account }.map { Markup.tag($0.rawValue) }
        let ends: Markup
        if row.isExpired {
            ends = .toned("ended", .bad)
        } else {
            ends = row.expires.map { .time($0) } ?? .quiet("never")
        }
        cells += [
            .tags(scopes), row.workspace.map { .text($0) } ?? .quiet("all"), .time(row.created),
            row.used.map { .time($0) } ?? .quiet("never"), ends,
        ]
        cells.append(
            ActionButton(
                "Revoke",
                path: isOwn ? "/account/tokens/revoke" : "/access/tokens/revoke",
                style: .danger,
                question: "Revoke \(row.name)? Whoever uses it is refused at once.",
                permission: isOwn ? .account : .server,
                values: [("id", row.id)],
                isPlain: true
            ).markup()
        )
        return cells
    }

    /// The form for a new token.
    static func form(owners: [String], workspaces: [String], isOwn: Bool) -> Markup {
        var fields: [FormView.Field] = [.init("name", "Name", example: "laptop")]
        if !isOwn {
            fields.append(.init("owner", "Of", .choice(owners.map { ($0, $0) }), values: Array(owners.prefix(1))))
        }
        fields += [
            .init(
                "scopes",
                "For",
                .boxes(AccessTabs.boxes([.read, .predict, .write, .operate, .admin, .metrics, .server])),
                values: ["read", "predict", "write"]
            ),
            .init("workspace", "Workspace", .choice([("", "all")] + workspaces.map { ($0, $0) })),
            .init(
                "days",
                "Ends after",
                .choice([("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "never")]),
                values: ["90"]
            ),
        ]
        return FormView(
            isOwn ? "/account/tokens" : "/access/tokens",
            fields: fields,
            button: "Make token",
            permission: isOwn ? .account : .server
        ).markup()
    }
}
