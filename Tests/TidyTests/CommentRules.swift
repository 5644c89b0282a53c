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
    private static let typeHead = LinePattern(#"\b(struct|class|enum|actor)\s+\w+.*:|\bextension\s+\w+"#)
    private static let unsafeMark = LinePattern(#"@unchecked\s+Sendable|\bnonisolated\(unsafe\)"#)

    /// Declarations that other modules see have a documentation comment, or their protocol's requirement has it.
    static func documentation(_ file: SourceFile, requirements: [String: Set<String>] = [:]) -> [Violation] {
        let exempt = Set(file.matches(witnesses).map(\.0))
        let inherited = inheritedNames(file, requirements)
        return file.matches(declaration).filter { line, text in
            !exempt.contains(line) && !isDocumented(file, line) && memberName(text).map(inherited.contains) != true
        }.map { line, text in
            Violation(path: file.path, line: line, message: "no /// comment on: \(text.trimmingSpaces.prefix(80))")
        }
    }

    /// Requirements with a documentation of their own, by protocol: those of this repository's protocols that carry a
    /// comment, and those of other packages that product code implements.
    static func requirements(of files: [SourceFile]) -> [String: Set<String>] {
        var found: [String: Set<String>] = [
            "AsyncSequence": ["Element", "makeAsyncIterator"],
            "LogHandler": ["log", "logLevel", "metadata", "metadataProvider", "subscript"],
            "MetricsFactory": [
                "makeCounter", "makeFloatingPointCounter", "makeMeter", "makeRecorder", "makeTimer", "destroyCounter",
                "destroyFloatingPointCounter", "destroyMeter", "destroyRecorder", "destroyTimer",
            ],
            "RequestContext": ["coreContext", "init"],
            "RouterMiddleware": ["Context", "handle"],
            "Service": ["run"],
        ]
        var parents: [String: [String]] = [:]
        for file in files {
            var current: String?
            for (index, text) in file.code.enumerated() {
                let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
                if let at = words.firstIndex(of: "protocol"), at + 1 < words.count, text.hasSuffix("{") {
                    current = words[at + 1]
                    parents[words[at + 1]] = Array(words[(at + 2)...])
                } else if text.hasPrefix("}") {
                    current = nil
                } else if let current, let name = memberName(text), isDocumented(file, index + 1) {
                    found[current, default: []].insert(name)
                }
            }
        }
        return inheriting(found, parents)
    }

    /// A protocol's requirements with those of the protocols that it refines.
    private static func inheriting(
        _ found: [String: Set<String>],
        _ parents: [String: [String]]
    ) -> [String: Set<String>] {
        var complete = found
        for name in parents.keys {
            var (pending, seen): ([String], Set<String>) = ([name], [])
            while let next = pending.popLast() {
                guard seen.insert(next).inserted else { continue }
                complete[name, default: []].formUnion(found[next] ?? [])
                pending += parents[next] ?? []
            }
        }
        return complete
    }

    private static func memberName(_ text: String) -> String? {
        let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
        if let at = words.firstIndex(where: { ["func", "var", "let", "typealias", "associatedtype"].contains($0) }) {
            return at + 1 < words.count ? words[at + 1] : nil
        }
        return words.first { $0 == "init" || $0 == "subscript" }
    }

    /// Names of the requirements of all protocols that a type or extension in the file names.
    private static func inheritedNames(_ file: SourceFile, _ requirements: [String: Set<String>]) -> Set<String> {
        let heads = file.matches(typeHead).flatMap { _, text in
            text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
        }
        return heads.reduce(into: []) { $0.formUnion(requirements[$1] ?? []) }
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
