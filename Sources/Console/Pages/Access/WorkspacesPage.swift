import HTTPSupport

/// The workspaces of the server, what each may use and what it does.
package struct WorkspacesPage: PanelsPage {
    /// One quota and what of it is in use.
    package struct Share: Sendable {
        /// What is in use; nil when that is not known.
        package var used: Double?
        /// The most that may be; nil without a limit.
        package var most: Double?

        /// Makes a share.
        package init(used: Double? = nil, most: Double? = nil) {
            self.used = used
            self.most = most
        }
    }

    /// A workspace as the list shows it.
    package struct Row: Sendable {
        /// Its name.
        package var name: String
        /// What it is for.
        package var description: String
        /// How many accounts have a role in it.
        package var members: Int
        /// Bytes of artifacts.
        package var storage: Share
        /// Requests a second; what is in use is not counted here.
        package var requests: Share
        /// Pipeline tasks.
        package var tasks: Share
        /// Bytes of models in memory.
        package var memory: Share

        /// Makes a row.
        package init(
            name: String,
            description: String = "",
            members: Int = 0,
            storage: Share = Share(),
            requests: Share = Share(),
            tasks: Share = Share(),
            memory: Share = Share()
        ) {
            self.name = name
            self.description = description
            self.members = members
            self.storage = storage
            self.requests = requests
            self.tasks = tasks
            self.memory = memory
        }
    }

    /// The workspaces.
    package var rows: [Row]
    /// What went wrong or was done.
    package var notices: [Notice]

    /// Makes the page.
    package init(rows: [Row], notices: [Notice] = []) {
        self.rows = rows
        self.notices = notices
    }

    package var head: PageHead { PageHead("Access", section: .access) }

    package var tabs: Markup { AccessTabs.bar("/access/workspaces") }

    package var panels: [Panel] {
        [
            Panel("Workspaces", count: NumberText.count(rows.count), content: table.markup()),
            Panel("New workspace", form: form),
        ] + rows.map { Panel("Quota of \($0.name)", form: quota($0)) }
    }

    private var table: TableView {
        TableView(
            columns: [
                .init("Workspace"), .init("Accounts", numeric: true), .init("Artifacts", numeric: true),
                .init("Requests/s", numeric: true), .init("Tasks", numeric: true),
                .init("Models in memory", numeric: true),
                .init("", numeric: true),
            ],
            rows: rows.map { row in
                [
                    name(row), .text(NumberText.count(row.members)), Self.share(row.storage, Self.bytes),
                    Self.share(row.requests, NumberText.rate), Self.share(row.tasks, Self.count),
                    Self.share(row.memory, Self.bytes), actions(row),
                ]
            }
        )
    }

    private func name(_ row: Row) -> Markup {
        var html = Markup()
        html.raw("<span class=\"strong\">")
        html.text(row.name)
        html.raw("</span>")
        if !row.description.isEmpty {
            html.raw("<span class=\"sub\">")
            html.text(row.description)
            html.raw("</span>")
        }
        return html
    }

    private func actions(_ row: Row) -> Markup {
        guard row.name != Principal.defaultWorkspace else { return Markup() }
        return ActionButton(
            "Delete",
            path: "/access/workspaces/delete",
            style: .danger,
            question: "Delete the workspace \(row.name)? Nobody can enter it any more; its data stays on disk.",
            permission: .server,
            values: [("name", row.name)],
            isPlain: true
        ).markup()
    }

    /// `used of most`, with a meter when both are known.
    static func share(_ share: Share, _ text: (Double) -> String) -> Markup {
        switch (share.used, share.most) {
        case (let used?, let most?):
            let part = most > 0 ? min(1, used / most) : 1
            let tone: Tone = part >= 1 ? .bad : (part >= 0.8 ? .warn : .good)
            return .joined([
                Meter(part, tone: tone, label: "\(text(used)) of \(text(most))").markup(),
                .text("\(text(used)) of \(text(most))"),
            ])
        case (let used?, nil): return .text(text(used))
        case (nil, let most?): return .text("at most \(text(most))")
        case (nil, nil): return .quiet("no limit")
        }
    }

    private static func bytes(_ value: Double) -> String {
        NumberText.bytes(Int64(exactly: value.rounded()) ?? .max)
    }

    private static func count(_ value: Double) -> String {
        NumberText.fixed(value, 0)
    }

    private var form: Markup {
        FormView(
            "/access/workspaces",
            fields: [
                .init("name", "Name", example: "team-a", note: "lower-case letters, digits and hyphens"),
                .init("description", "What it is for", isOptional: true),
            ],
            button: "Make workspace",
            permission: .server
        ).markup()
    }

    private func quota(_ row: Row) -> Markup {
        func text(_ value: Double?, per unit: Double = 1) -> [String] {
            guard let value else { return [] }
            let scaled = value / unit
            return [Int64(exactly: scaled).map(String.init) ?? String(scaled)]
        }
        let mebibyte = 1_048_576.0
        return FormView(
            "/access/workspaces/quota",
            fields: [
                .init("storage", "Artifacts, MiB", values: text(row.storage.most, per: mebibyte), isOptional: true),
                .init("requests", "Requests/s", values: text(row.requests.most), isOptional: true),
                .init("tasks", "Tasks at once", values: text(row.tasks.most), isOptional: true),
                .init(
                    "memory",
                    "Models in memory, MiB",
                    values: text(row.memory.most, per: mebibyte),
                    isOptional: true
                ),
            ],
            button: "Set quota",
            style: .plain,
            permission: .server,
            hidden: [("name", row.name)]
        ).markup()
    }
}
