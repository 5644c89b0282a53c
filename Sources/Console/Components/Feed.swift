/// What happened, newest first.
package struct Feed: Sendable {
    /// One event.
    package struct Entry: Sendable {
        /// Its weight.
        package var tone: Tone
        /// The sentence, with links where it names things.
        package var what: Markup
        /// A second line.
        package var more: String
        /// When.
        package var time: TimeText

        /// Makes an event.
        package init(_ tone: Tone, _ what: Markup, more: String = "", time: TimeText) {
            self.tone = tone
            self.what = what
            self.more = more
            self.time = time
        }
    }

    /// The events.
    package var entries: [Entry]

    /// Makes a feed.
    package init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// The feed, or what to say when nothing happened yet.
    package func markup(orEmpty empty: EmptyState) -> Markup {
        guard !entries.isEmpty else { return empty.markup() }
        var html = Markup()
        html.raw("<ol class=\"feed\">")
        for entry in entries {
            html.raw("<li><span class=\"dot \(entry.tone.rawValue)\"></span><span class=\"what\">")
            html.append(entry.what)
            html.raw("</span>")
            html.append(.time(entry.time))
            if !entry.more.isEmpty {
                html.raw("<span class=\"more\">")
                html.text(entry.more)
                html.raw("</span>")
            }
            html.raw("</li>")
        }
        html.raw("</ol>")
        return html
    }
}
