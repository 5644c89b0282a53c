import Foundation

/// Names of files, folders and types.
enum NameRules {
    /// No folder or file for what has no name.
    static func emptyName(_ file: SourceFile) -> [Violation] {
        let bad = file.components.first { part in
            let stem = part.prefix { $0 != "." && $0 != "+" }
            return ["Utils", "Util", "Utilities", "Helpers", "Helper", "Misc", "Common"].contains(String(stem))
        }
        return bad.map {
            [Violation(path: file.path, line: 1, message: "“\($0)” says nothing; name it for what it does")]
        } ?? []
    }

    /// A type at the top of a file that is named like a module makes `Module.Type` ambiguous.
    static func moduleName(_ file: SourceFile, modules: Set<String>) -> [Violation] {
        let types = LinePattern(
            #"^(?! ).*\b(struct|class|enum|actor|protocol|typealias)\s+(\#(modules.sorted().joined(separator: "|")))\b"#
        )
        return file.matches(types).map { line, _ in
            Violation(path: file.path, line: line, message: "a type named like a module")
        }
    }
}
