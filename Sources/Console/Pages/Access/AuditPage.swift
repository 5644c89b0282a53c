import HTTPSupport

/// Who changed what, and who was refused; and whether the chain of records is whole.
package struct AuditPage: PanelsPage {
    /// A record as the page shows it.
    package struct Row: Sendable {
        /// Its number.
        package var sequence: Int64
        /// When.
        package var time: TimeText
        /// Who.
        package var actor: String
        /// What was done.
        package var action: String
        /// To what.
        package var object: String
        /// Whether it was refused.
        package var isDenied: Bool
        /// Why it was refused.
        package var reason: String
        /// How it was, as JSON.
        package var before: String
        /// How it is now, as JSON.
        package var after: String
        /// The rest: token, request, address, hash.
        package var facts: [(label: String, value: String)]

        /// Makes a row.
        package init(
            sequence: Int64,
            time: TimeText,
            actor: String,
            action: String,
            object: String = "",
            isDenied: Bool = false,
            reason: String = "",
            before: String = "",
            after: String = "",
            facts: [(label: String, value: String)] = []
        ) {
            self.sequence = sequence
            self.time = time
            self.actor = actor
            self.action = action
            self.object = object
            self.isDenied = isDenied
            self.reason = reason
            self.before = before
            self.after = after
            self.facts = facts
        }
    }

    /// The records, newest first.
    package var rows: [Row]
    /// What is searched for, by the name of its field.
    package var filter: [String: String]
    /// Whether the records of the server itself are shown rather than those of the workspace.
    package var isOfServer: Bool
    /// The state of the chain: colour and words.
    package var chain: (tone: Tone, text: String)
    /// The address of the next page; nil on the last.
    package var next: String?
    /// What went wrong.
    package var notices: [Notice]
    /// The workspace that is shown.
    package var workspace: String

    /// Makes the page.
    package init(
        rows: [Row],
        filter: [String: String] = [:],
        isOfServer: Bool = false,
        chain: (tone: Tone, text: String),
        next: String? = nil,
        notices: [Notice] = [],
        workspace: String = "default"
    ) {
        self.rows = rows
        self.filter = filter
        self.isOfServer = isOfServer
        self.chain = chain
        self.next = next
        self.notices = notices
        self.workspace = workspace
    }

    package var head: PageHead {
        PageHead(
            "Audit",
            section: .audit,
            badges: [.badge(chain.tone, chain.text)],
            lede: [.text(isOfServer ? "records of the server" : "workspace \(workspace)")]
        )
    }

    package var tabs: Markup {
        guard Viewer.current.permissions.contains(.server) else { return Markup() }
        return TabBar(
            [("Workspace", "/audit"), ("Server", "/audit?log=server")],
            current: isOfServer ? "/audit?log=server" : "/audit"
        ).markup()
    }

    package var pager: (text: String, href: String)? { next.map { ("Older records", $0) } }

    package var top: Markup {
        var html = Markup()
        html.raw("<form class=\"search filters\" method=\"get\" action=\"/audit\" role=\"search\">")
        if isOfServer { html.append(.hidden("log", "server")) }
        for (name, label, example) in [
            ("actor", "Who", "anna"), ("action", "Action", "aliases"), ("object", "Object", "registered_model:cancer"),
        ] {
            html.raw("<label><span>\(label)</span><input type=\"search\" class=\"bare\" name=\"\(name)\" value=\"")
            html.text(filter[name] ?? "")
            html.raw("\" placeholder=\"\(example)\" spellcheck=\"false\" autocomplete=\"off\"></label>")
        }
        html.raw("<label><span>Outcome</span><select name=\"outcome\">")
        for (value, text) in [("", "any"), ("done", "done"), ("denied", "denied")] {
            let selected = filter["outcome"] ?? "" == value ? " selected" : ""
            html.raw("<option value=\"\(value)\"\(selected)>\(text)</option>")
        }
        html.raw("</select></label><button class=\"button\" type=\"submit\">Search</button></form>")
        return html
    }

    package var panels: [Panel] {
        let empty = filter.isEmpty ? "Nothing has been recorded yet." : "No record matches."
        return [Panel("Records", content: list.isNull ? EmptyState(empty).markup() : list)]
    }

    private var list: Markup {
        guard !rows.isEmpty else { return Markup() }
        var html = Markup()
        html.raw("<ol class=\"records\">")
        for row in rows {
            html.raw(
                "<li><details><summary><span class=\"dot \(row.isDenied ? "bad" : "good")\"></span><span class=\"actor\">"
            )
            html.text(row.actor.isEmpty ? "nobody" : row.actor)
            html.raw("</span><span class=\"what\"><code>")
            html.text(row.action)
            html.raw("</code> <span class=\"soft\">")
            html.text(row.object)
            html.raw("</span></span>")
            if row.isDenied { html.append(.badge(.bad, "denied")) }
            html.append(.time(row.time))
            html.raw("</summary><div class=\"record\">")
            if !row.reason.isEmpty {
                html.raw("<p class=\"soft\">")
                html.text(row.reason)
                html.raw("</p>")
            }
            html.append(sides(row))
            let facts =
                [(label: "Number", value: Markup.text(NumberText.count(row.sequence)))]
                + row.facts.map { (label: $0.label, value: $0.value.isEmpty ? Markup() : Markup.code($0.value)) }
            html.append(FactList(facts).markup())
            html.raw("</div></details></li>")
        }
        html.raw("</ol>")
        return html
    }

    private func sides(_ row: Row) -> Markup {
        guard !row.before.isEmpty || !row.after.isEmpty else { return Markup() }
        var html = Markup()
        html.raw("<div class=\"sides\">")
        for (title, text) in [("Before", row.before), ("After", row.after)] {
            html.raw("<div><span class=\"visit-label\">\(title)</span><pre>")
            html.text(text.isEmpty ? "nothing" : text)
            html.raw("</pre></div>")
        }
        html.raw("</div>")
        return html
    }
}
