/// The part of a page above its content, the same on every page.
package struct PageHead: Sendable {
    /// The entry of the side bar that a page belongs to.
    package enum Section: String, Sendable, CaseIterable {
        case overview
        case data
        case pipelines
        case experiments
        case models
        case deployments
        case ledger
        case drift
        case loop
        case events
        case access
        case audit
        case secrets
    }

    /// The heading, and the window's title.
    package var title: String
    /// The side bar entry; nil for errors.
    package var section: Section?
    /// The pages above: link text and address.
    package var crumbs: [(text: String, href: String)]
    /// States beside the heading.
    package var badges: [Markup]
    /// Facts below the heading, separated by dots.
    package var lede: [Markup]
    /// Buttons.
    package var actions: [ActionButton]
    /// Seconds between looks for changes; nil for pages that do not change by themselves.
    package var refresh: Int?
    /// Whether the page stands alone, without the side bar.
    package var isAlone: Bool

    /// Makes a head.
    package init(
        _ title: String,
        section: Section?,
        crumbs: [(text: String, href: String)] = [],
        badges: [Markup] = [],
        lede: [Markup] = [],
        actions: [ActionButton] = [],
        refresh: Int? = nil,
        isAlone: Bool = false
    ) {
        self.title = title
        self.section = section
        self.crumbs = crumbs
        self.badges = badges
        self.lede = lede
        self.actions = actions
        self.refresh = refresh
        self.isAlone = isAlone
    }

    /// What the template `head` reads.
    var context: [String: Any] {
        [
            "title": title,
            "crumbs": crumbs.map { ["text": $0.text, "href": $0.href] },
            "badges": Markup.joined(badges),
            "lede": lede.filter { !$0.isNull }.map { ["piece": $0] },
            "hasLede": lede.contains { !$0.isNull },
            "actions": Markup.joined(actions.map { $0.markup() }, separator: ""),
        ]
    }
}
