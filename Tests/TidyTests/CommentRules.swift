import Foundation

/// What must be said in a comment.
enum CommentRules {
    private static let declaration = LinePattern(
        #"^\s*(@\w+(\([^)]*\))?\s+)*(package|public|open)\s+((static|class|final|mutating|nonmutating|nonisolated|indirect|lazy|override|convenience|required|isolated|borrowing|consuming|private\(set\)|package\(set\))\s+)*(func|var|let|struct|class|enum|actor|protocol|typealias|init|subscript)\b"#
    )
    /// Members whose meaning the standard library documents.
    private static let witnesses = LinePattern(
        #"static func (==|<)|func hash\(into|func encode\(to|init\(from decoder|init\((string|integer|float|nil|boolean|array|dictionary|unicodeScalar|extendedGraphemeCluster)Literal|var (description|debugDescription): String|typealias (Element|AsyncIterator|Failure|RawValue)\b|func (next|makeIterator|makeAsyncIterator)\("#
    )
    private static let unsafeMark = LinePattern(#"@unchecked\s+Sendable|\bnonisolated\(unsafe\)"#)

    /// Declarations that other modules see have a documentation comment.
    static func documentation(_ file: SourceFile) -> [Violation] {
        let exempt = Set(file.matches(witnesses).map(\.0))
        return file.matches(declaration).filter { !exempt.contains($0.0) }.compactMap { line, text in
            isDocumented(file, line)
                ? nil
                : Violation(
                    path: file.path,
                    line: line,
                    message: "no /// comment on: \(text.trimmingSpaces.prefix(80))"
                )
        }
    }

    private static func isDocumented(_ file: SourceFile, _ line: Int) -> Bool {
        var index = line - 2
        while index >= 0 {
            let text = file.lines[index].trimmingSpaces
            if text.hasPrefix("///") || text.hasSuffix("*/") { return true }
            guard text.hasPrefix("@") || text.hasPrefix("#if") else { return false }
            index -= 1
        }
        return false
    }

    /// What the compiler cannot check has its reason beside it.
    static func unsafeReasons(_ file: SourceFile) -> [Violation] {
        file.matches(unsafeMark).filter { line, _ in !hasReason(file, line) }.map { line, _ in
            Violation(path: file.path, line: line, message: "needs a comment `// Safe because …` beside it")
        }
    }

    /// The reason stands above the mark, or first in the type that it marks.
    private static func hasReason(_ file: SourceFile, _ line: Int) -> Bool {
        if line < file.lines.count, file.lines[line].contains("// Safe because ") { return true }
        var index = line - 1
        while index >= 0 {
            let text = file.lines[index].trimmingSpaces
            if text.contains("// Safe because ") { return true }
            let isAbove = index < line - 1
            guard !isAbove || text.hasPrefix("//") || text.hasPrefix("@") else { return false }
            index -= 1
        }
        return false
    }
}

extension String {
    /// Without the spaces at both ends.
    var trimmingSpaces: Substring {
        let start = drop { $0 == " " }
        return start[..<(start.lastIndex { $0 != " " }.map(start.index(after:)) ?? start.startIndex)]
    }
}
