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

    /// Limits that nothing enforces or that no test reaches.
    static func violations(in file: SourceFile, sources: [SourceFile], tests: [SourceFile]) -> [Violation] {
        guard let type = type(of: file) else { return [] }
        return constants(of: file).flatMap { line, name in
            let use = "\(type).\(name)"
            let inside = LinePattern(#"(?<![\w.])(Self\.)?\#(name)\b"#)
            let enforced =
                sources.contains { $0.path != file.path && mentions($0, use) } || file.matches(inside).count > 1
            let tested = tests.contains { mentions($0, use) }
            return [
                enforced ? nil : Violation(path: file.path, line: line, message: "nothing enforces the limit \(name)"),
                tested ? nil : Violation(path: file.path, line: line, message: "no test mentions \(use)"),
            ].compactMap(\.self)
        }
    }

    private static func mentions(_ file: SourceFile, _ use: String) -> Bool {
        file.matches(LinePattern(#"\b\#(use.replacing(".", with: #"\."#))\b"#)).isEmpty == false
    }
}
