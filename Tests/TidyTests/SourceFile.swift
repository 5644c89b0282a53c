import Foundation

/// One text file of the repository, as the rules see it.
struct SourceFile: Sendable {
    /// Path from the repository's root, with `/` between components.
    let path: String
    /// The lines as written.
    let lines: [String]
    /// The lines with comments and the contents of string literals replaced by spaces, same columns.
    let code: [String]

    /// Makes a file from its text, which a rule's own test also does with a planted violation.
    init(path: String, text: String) {
        self.path = path
        lines = text.components(separatedBy: "\n")
        code = path.hasSuffix(".swift") ? SwiftMask.mask(text).components(separatedBy: "\n") : lines
    }

    /// Components of the path.
    var components: [String] { path.components(separatedBy: "/") }

    /// The module of a file under `Sources/` or the test target of one under `Tests/`.
    var module: String? {
        let parts = components
        return parts.count > 2 && ["Sources", "Tests"].contains(parts[0]) ? parts[1] : nil
    }

    /// True for product sources.
    var isSource: Bool { path.hasPrefix("Sources/") && path.hasSuffix(".swift") }

    /// True for Swift test sources.
    var isTest: Bool { path.hasPrefix("Tests/") && path.hasSuffix(".swift") }

    /// The file's last line that holds text, counted from 1.
    var length: Int { (lines.lastIndex { !$0.isEmpty } ?? -1) + 1 }

    /// Numbers (from 1) and texts of the code lines that match a pattern.
    func matches(_ pattern: LinePattern, in text: KeyPath<Self, [String]> = \.code) -> [(Int, String)] {
        self[keyPath: text].enumerated().compactMap { index, line in
            pattern.matches(line) ? (index + 1, line) : nil
        }
    }
}

/// A broken rule with the place where it is broken.
struct Violation: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}
