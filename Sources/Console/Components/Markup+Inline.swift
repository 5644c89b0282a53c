/// The small pieces that cells, facts and lines are made of.
extension Markup {
    /// Text, escaped.
    package static func text(_ text: String) -> Markup {
        Markup(trusted: escaped(text))
    }

    /// Text in a muted colour.
    package static func quiet(_ text: String) -> Markup {
        Markup(trusted: "<span class=\"quiet\">\(escaped(text))</span>")
    }

    /// Text in a state's colour.
    package static func toned(_ text: String, _ tone: Tone) -> Markup {
        switch tone {
        case .good, .warn, .bad: Markup(trusted: "<span class=\"text-\(tone.rawValue)\">\(escaped(text))</span>")
        case .info, .live, .idle: .text(text)
        }
    }

    /// An identifier, hash or address in the fixed-width face.
    package static func code(_ text: String) -> Markup {
        Markup(trusted: "<code>\(escaped(text))</code>")
    }

    /// A link within running text.
    package static func link(_ text: String, _ href: String) -> Markup {
        Markup(trusted: "<a class=\"link\" href=\"\(escaped(href))\">\(escaped(text))</a>")
    }

    /// The link that names a table's row.
    package static func rowLink(_ text: String, _ href: String, sub: String? = nil) -> Markup {
        var html = "<a class=\"primary\" href=\"\(escaped(href))\"><span class=\"clip\" title=\"\(escaped(text))\">"
        html += "\(escaped(text))</span></a>"
        if let sub { html += "<span class=\"sub\">\(escaped(sub))</span>" }
        return Markup(trusted: html)
    }

    /// A state as a pill with a dot.
    package static func badge(_ tone: Tone, _ text: String) -> Markup {
        Markup(trusted: "<span class=\"badge \(tone.rawValue)\">\(escaped(text))</span>")
    }

    /// A label in a frame; `href` makes it a link.
    package static func tag(_ text: String, href: String? = nil, alias: Bool = false) -> Markup {
        let style = alias ? "tag alias" : "tag"
        let name = escaped(text)
        guard let href else { return Markup(trusted: "<span class=\"\(style)\" title=\"\(name)\">\(name)</span>") }
        return Markup(trusted: "<a class=\"\(style)\" href=\"\(escaped(href))\" title=\"\(name)\">\(name)</a>")
    }

    /// Several tags in a row.
    package static func tags(_ tags: [Markup]) -> Markup {
        guard !tags.isEmpty else { return Markup() }
        return Markup(trusted: "<span class=\"tags\">\(tags.map(\.html).joined())</span>")
    }

    /// A moment, relative, with the exact time as its title.
    package static func time(_ time: TimeText) -> Markup {
        Markup(trusted: "<time datetime=\"\(time.iso)\" title=\"\(escaped(time.exact))\">\(escaped(time.text))</time>")
    }

    /// A moment, or a dash.
    package static func time(_ time: TimeText?) -> Markup {
        time.map { Markup.time($0) } ?? .missing
    }

    /// What stands for a missing value.
    package static var missing: Markup { .quiet(NumberText.missing) }

    /// The pieces with a separator between them; empty pieces are left out.
    package static func joined(_ pieces: [Markup], separator: String = " ") -> Markup {
        Markup(trusted: pieces.filter { !$0.isNull }.map(\.html).joined(separator: escaped(separator)))
    }
}
