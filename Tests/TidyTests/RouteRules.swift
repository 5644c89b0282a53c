import Foundation

/// Routes name their permission where they are registered.
enum RouteRules {
    private static let registration = LinePattern(#"\broutes\.(get|post|put|patch|delete|head|on)\("#)

    /// Registrations without a `permission:` argument in their parentheses.
    static func withoutPermission(_ file: SourceFile) -> [Violation] {
        file.matches(registration).filter { line, _ in !arguments(file, from: line).contains("permission:") }.map {
            line,
            _ in
            Violation(path: file.path, line: line, message: "a route without a permission")
        }
    }

    /// The text between the call's parentheses, or to the end of the file when they never close.
    private static func arguments(_ file: SourceFile, from line: Int) -> String {
        var depth = 0
        var text = ""
        for row in file.code[(line - 1)...] {
            let start = text.isEmpty ? (row.range(of: "routes.")?.upperBound ?? row.startIndex) : row.startIndex
            for character in row[start...] {
                text.append(character)
                if character == "(" { depth += 1 }
                if character == ")" {
                    depth -= 1
                    if depth == 0 { return text }
                }
            }
            text.append("\n")
        }
        return text
    }
}
