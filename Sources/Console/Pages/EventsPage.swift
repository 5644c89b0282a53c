/// What happened anywhere in the workspace, newest first, and followed while it happens.
package struct EventsPage: PanelsPage {
    /// The events.
    package var entries: [Feed.Entry]
    /// The kind that is shown; empty for all.
    package var kind: String
    /// The kinds to choose from: what the address says, and words.
    package var kinds: [(value: String, text: String)]
    /// What the events are about; empty for everything.
    package var subject: String
    /// Where the stream of these events is; nil without one.
    package var stream: String?
    /// The address of older events; nil when there are none.
    package var older: String?
    /// Whether these are older events than the newest.
    package var isPast: Bool
    /// What went wrong.
    package var notices: [Notice]

    /// Makes the page.
    package init(
        entries: [Feed.Entry],
        kind: String = "",
        kinds: [(value: String, text: String)] = [],
        subject: String = "",
        stream: String? = nil,
        older: String? = nil,
        isPast: Bool = false,
        notices: [Notice] = []
    ) {
        self.entries = entries
        self.kind = kind
        self.kinds = kinds
        self.subject = subject
        self.stream = stream
        self.older = older
        self.isPast = isPast
        self.notices = notices
    }

    package var head: PageHead {
        PageHead(
            "Events",
            section: .events,
            lede: [.text("Aliases that moved, rollouts, drift, loops and runs, in the order they happened.")]
        )
    }

    package var top: Markup {
        var search = SearchForm("/events", button: "Show")
        search.choice("kind", "Kind", kinds, value: kind)
        search.text("subject", "About", value: subject, example: "deployments/cancer")
        return search.markup()
    }

    package var panels: [Panel] {
        var content = Markup()
        if let stream, !isPast {
            content.raw("<div data-stream=\"")
            content.text(stream)
            content.raw("\"><p class=\"stream-state quiet\" role=\"status\"></p>")
        } else {
            content.raw("<div>")
        }
        content.append(Feed(entries).markup(orEmpty: EmptyState("Nothing has happened yet.")))
        content.raw("</div>")
        return [Panel("Events", note: isPast ? "older ones" : "", content: content)]
    }

    package var pager: (text: String, href: String)? { older.map { ("Older events", $0) } }
}
