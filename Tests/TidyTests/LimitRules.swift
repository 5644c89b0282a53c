import Foundation

/// Every queue, body, page and retry has a named maximum in `<Module>Limits.swift`, and a test that goes past it.
enum LimitRules {
    private static let constant = LinePattern(#"^\s*(package\s+|public\s+)?static\s+let\s+\w+"#)

    /// Names and lines of a limits file's constants.
    static func constants(of file: SourceFile) -> [(line: Int, name: String)] {
        file.matches(constant).map { line, text in
            let after = text.components(separatedBy: "static let ").last ?? ""
            return (line, String(after.prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
        }
    }

    /// The name of the type in a limits file, nil for other files.
    static func type(of file: SourceFile) -> String? {
        guard file.isSource, file.path.hasSuffix("Limits.swift") else { return nil }
        return file.components.last.map { String($0.dropLast(".swift".count)) }
    }

    /// Every `<Name>Limits.<constant>` that the files mention outside comments (interpolations included), by file.
    static func uses(in files: [SourceFile]) -> [String: Set<String>] {
        Dictionary(
            uniqueKeysWithValues: files.map { file in
                let found = file.lines.filter { $0.contains("Limits.") && !$0.trimmingSpaces.hasPrefix("//") }.flatMap {
                    line in
                    line.replacing("...", with: " ").replacing("..<", with: " ").split {
                        !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".")
                    }
                    .map(String.init)
                }
                return (file.path, Set(found.flatMap(prefixes)))
            }
        )
    }

    /// `A.b.c` names `A.b` as well as itself.
    private static func prefixes(of name: String) -> [String] {
        let parts = name.components(separatedBy: ".")
        return parts.count < 2 ? [] : (2...parts.count).map { parts.prefix($0).joined(separator: ".") }
    }

    /// Limits that nothing enforces or that no test reaches.
    static func violations(in file: SourceFile, sources: [SourceFile], tests: [SourceFile]) -> [Violation] {
        violations(in: file, sourceUses: uses(in: sources), testUses: uses(in: tests))
    }

    /// Limits that nothing enforces or that no test reaches, with the uses collected before.
    static func violations(
        in file: SourceFile,
        sourceUses: [String: Set<String>],
        testUses: [String: Set<String>]
    ) -> [Violation] {
        guard let type = type(of: file) else { return [] }
        return constants(of: file).flatMap { line, name in
            let use = "\(type).\(name)"
            let inside = LinePattern(#"(?<![\w.])(Self\.)?\#(name)\b"#)
            let enforced =
                sourceUses.contains { $0.key != file.path && $0.value.contains(use) } || file.matches(inside).count > 1
            let tested = testUses.values.contains { $0.contains(use) }
            return [
                enforced ? nil : Violation(path: file.path, line: line, message: "nothing enforces the limit \(name)"),
                tested ? nil : Violation(path: file.path, line: line, message: "no test mentions \(use)"),
            ].compactMap(\.self)
        }
    }
}
