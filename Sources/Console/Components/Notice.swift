/// One line that asks for attention, or says that nothing does.
package struct Notice: Sendable {
    /// Its weight.
    package var tone: Tone
    /// The sentence.
    package var text: String
    /// The page that shows more: its link text and address.
    package var link: (text: String, href: String)?

    /// Makes a notice.
    package init(_ tone: Tone, _ text: String, link: (text: String, href: String)? = nil) {
        self.tone = tone
        self.text = text
        self.link = link
    }

    /// Notices one below the other; empty for none.
    package static func list(_ notices: [Notice]) -> Markup {
        guard !notices.isEmpty else { return Markup() }
        var html = Markup()
        html.raw("<div class=\"notices\">")
        for notice in notices {
            html.raw("<div class=\"notice \(notice.tone.rawValue)\"><span>")
            html.text(notice.text)
            html.raw("</span>")
            if let link = notice.link {
                html.raw("<span class=\"aside\">")
                html.append(.link(link.text, link.href))
                html.raw("</span>")
            }
            html.raw("</div>")
        }
        html.raw("</div>")
        return html
    }
}
