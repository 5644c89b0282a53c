import HTTPSupport

/// The parts of the page Access.
enum AccessTabs {
    /// The bar with `current` shown.
    static func bar(_ current: String) -> Markup {
        var tabs = [(text: "People and programs", href: "/access"), ("Rights", "/access/grants")]
        // Tokens and workspaces are the server's, not a workspace's.
        if Viewer.current.permissions.contains(.server) {
            tabs += [("Tokens", "/access/tokens"), ("Workspaces", "/access/workspaces")]
        }
        return TabBar(tabs, current: current).markup()
    }

    /// The roles to choose from, the least first; `none` takes a role away.
    static func roles(none: String? = nil) -> [(value: String, text: String)] {
        (none.map { [("", $0)] } ?? []) + Role.allCases.map { ($0.rawValue, $0.rawValue) }
    }

    /// What a permission is called where somebody ticks it.
    static func boxes(_ permissions: [Permission]) -> [(value: String, text: String)] {
        permissions.map { ($0.rawValue, $0.rawValue) }
    }
}

extension ConsolePage where Self: PanelsPage {
    package var context: [String: Any] {
        var context: [String: Any] = [
            "tabs": tabs, "notices": Notice.list(notices), "top": top, "panels": panels.map(\.context),
        ]
        if let next = pager {
            context["pagerNext"] = next.href
            context["pagerText"] = next.text
        }
        return context
    }
}

/// A page that is a column of parts.
package protocol PanelsPage: ConsolePage {
    /// The bar of pages that belong together; empty for none.
    var tabs: Markup { get }
    /// What needs attention.
    var notices: [Notice] { get }
    /// What stands above the parts.
    var top: Markup { get }
    /// The parts.
    var panels: [Panel] { get }
    /// The way to more of the last part.
    var pager: (text: String, href: String)? { get }
}

extension PanelsPage {
    package static var template: String { "panels" }
    package var tabs: Markup { Markup() }
    package var notices: [Notice] { [] }
    package var top: Markup { Markup() }
    package var pager: (text: String, href: String)? { nil }
}
