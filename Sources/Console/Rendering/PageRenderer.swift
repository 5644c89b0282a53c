package import Core
import HTTPSupport
package import Mustache

/// Turns pages into HTML with the templates that are compiled into the binary.
package struct PageRenderer: Sendable {
    private let library: MustacheLibrary
    private let assets: Assets

    /// Parses the templates.
    ///
    /// - Throws: `internal`, naming the template that does not parse.
    package init(assets: Assets) throws(MartletError) {
        var library = MustacheLibrary()
        for (name, source) in ConsoleTemplates.all {
            do {
                try library.register(String(decoding: source, as: UTF8.self), named: name)
            } catch {
                throw MartletError(.internal, "The console's template '\(name)' does not parse.", cause: error)
            }
        }
        self.init(library: library, assets: assets)
    }

    /// Uses templates from elsewhere, for work on their design.
    package init(library: MustacheLibrary, assets: Assets) {
        self.library = library
        self.assets = assets
    }

    /// The whole document.
    package func document(_ page: some ConsolePage) -> String {
        var context: [String: Any] = [
            "main": Markup(trusted: main(page)),
            "windowTitle": page.head.section == .overview ? "Martlet" : "\(page.head.title) · Martlet",
            "navigation": navigation(page.head.section),
            "stylesheet": assets.stylesheetPath,
            "script": assets.scriptPath,
            "icon": assets.iconPath,
            "refresh": String(page.head.refresh ?? 0),
            "framed": !page.head.isAlone,
            "alone": page.head.isAlone,
        ]
        context["version"] = assets.version
        if !page.head.isAlone { context["visit"] = VisitBox(Viewer.current).context }
        return library.render(context, withTemplate: "layout") ?? ""
    }

    /// What is inside `<main>`: the fragment that the script swaps in.
    package func main(_ page: some ConsolePage) -> String {
        let body = library.render(page.context, withTemplate: type(of: page).template) ?? ""
        let head = page.head.isAlone ? "" : library.render(page.head.context, withTemplate: "head") ?? ""
        return head + body
    }

    private func navigation(_ current: PageHead.Section?) -> [[String: Any]] {
        let groups: [(String?, [(PageHead.Section, String, String)])] = Self.places + Self.places(of: Viewer.current)
        return groups.map { title, entries in
            var group: [String: Any] = [
                "entries": entries.map { section, text, href -> [String: Any] in
                    ["text": text, "href": href, "icon": section.rawValue, "current": section == current]
                }
            ]
            if let title { group["group"] = title }
            return group
        }
    }

    /// What only those see who may manage something.
    private static func places(of viewer: Viewer) -> [(String?, [(PageHead.Section, String, String)])] {
        guard viewer.permissions.contains(.admin) else { return [] }
        return [
            (
                "Manage",
                [(.access, "Access", "/access"), (.secrets, "Secrets", "/secrets"), (.audit, "Audit", "/audit")]
            )
        ]
    }

    private static var places: [(String?, [(PageHead.Section, String, String)])] {
        [
            (nil, [(.overview, "Overview", "/")]),
            (
                "Build",
                [
                    (.data, "Data", "/data"), (.pipelines, "Pipelines", "/pipelines"),
                    (.experiments, "Experiments", "/experiments"), (.models, "Models", "/models"),
                ]
            ),
            (
                "Run",
                [
                    (.deployments, "Deployments", "/deployments"), (.ledger, "Ledger", "/ledger"),
                    (.drift, "Drift", "/drift"), (.loop, "Loop", "/loop"), (.events, "Events", "/events"),
                ]
            ),
        ]
    }
}
