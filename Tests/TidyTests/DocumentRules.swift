import Foundation

/// Documents stay short, linked and true to the tree.
enum DocumentRules {
    /// Pages under `docs/` that the index does not link.
    static func unlinked(pages: [String], index: SourceFile) -> [Violation] {
        let targets = Set(links(in: index).map { resolve($0.target, from: index.path) })
        return pages.filter { $0 != index.path && !targets.contains($0) }.map {
            Violation(path: $0, line: 1, message: "not linked from \(index.path)")
        }
    }

    /// Relative links that lead nowhere.
    static func deadLinks(in page: SourceFile, exists: (String) -> Bool) -> [Violation] {
        links(in: page).filter { !exists(resolve($0.target, from: page.path)) }.map {
            Violation(path: page.path, line: $0.line, message: "the link to \($0.target) leads nowhere")
        }
    }

    /// Relative link targets of a Markdown page, without their fragments.
    static func links(in page: SourceFile) -> [(line: Int, target: String)] {
        page.lines.enumerated().flatMap { index, line in
            line.components(separatedBy: "](").dropFirst().compactMap { rest -> (line: Int, target: String)? in
                let whole = rest.prefix { $0 != ")" }
                let target = String(whole.prefix { $0 != "#" })
                return target.isEmpty || whole.contains("://") || whole.hasPrefix("mailto:") ? nil : (index + 1, target)
            }
        }
    }

    /// A link's target as a path from the repository's root.
    static func resolve(_ target: String, from page: String) -> String {
        var parts = Array(page.components(separatedBy: "/").dropLast())
        for part in target.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }
}
