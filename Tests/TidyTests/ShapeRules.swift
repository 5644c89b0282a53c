import Foundation

/// How long things may be.
enum ShapeRules {
    /// Lines of a file; past that, ask what it hides.
    static let fileLines = 500
    /// Lines of a function's body, braces included.
    static let functionLines = 70
    /// Lines of the README.
    static let readmeLines = 150

    /// A file that is too long.
    static func fileLength(_ file: SourceFile) -> [Violation] {
        guard file.length > fileLines else { return [] }
        let message = "\(file.length) lines; at most \(fileLines): split it by what it does"
        return [Violation(path: file.path, line: fileLines + 1, message: message)]
    }

    /// Functions and initialisers that are too long.
    static func functionLength(_ file: SourceFile) -> [Violation] {
        bodies(of: file).filter { $0.last - $0.first + 1 > functionLines }.map { body in
            let count = body.last - body.first + 1
            let message = "\(body.name) has \(count) lines; at most \(functionLines)"
            return Violation(path: file.path, line: body.first, message: message)
        }
    }

    /// A function's name and the lines (from 1) of its opening and closing brace.
    struct Body: Equatable {
        let name: String
        let first: Int
        let last: Int
    }

    /// The bodies of all functions and initialisers of a Swift file.
    static func bodies(of file: SourceFile) -> [Body] {
        let heads = LinePattern(#"(^|\s)(func\s+\S+?(?=[(<])|init[?]?(?=[(<])|deinit(?=\s*\{)|subscript(?=[(<]))"#)
        return file.matches(heads).compactMap { line, text in
            guard let start = text.range(of: #"\b(func\s|init\b|deinit\b|subscript\b)"#, options: .regularExpression),
                !text[..<start.lowerBound].contains("."), !text[..<start.lowerBound].contains("=")
            else { return nil }
            let column = text.distance(from: text.startIndex, to: start.lowerBound)
            var scanner = BodyScanner(lines: file.code, line: line - 1, column: column)
            guard let (first, last) = scanner.body() else { return nil }
            let name = text[start.lowerBound...].prefix { $0 != "(" && $0 != "<" && $0 != "{" }
            return Body(name: String(name), first: first + 1, last: last + 1)
        }
    }
}

/// Finds the braces of a declaration that starts at a place in masked code.
private struct BodyScanner {
    let lines: [String]
    var line: Int
    let column: Int

    /// Lines (from 0) of the braces, or nil for a requirement without a body.
    mutating func body() -> (Int, Int)? {
        var parentheses = 0
        var braces = 0
        var opened: Int?
        var last: Character = " "
        var from = column
        while line < lines.count {
            for character in lines[line].dropFirst(from) where character != " " {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || opened != nil:
                    braces += 1
                    opened = opened ?? line
                case "}" where opened == nil && parentheses == 0: return nil
                case "}" where opened != nil:
                    braces -= 1
                    if braces == 0, let opened { return (opened, line) }
                default: break
                }
                last = character
            }
            if opened == nil, parentheses == 0, !continues(after: last) { return nil }
            line += 1
            from = 0
        }
        return nil
    }

    /// True when the signature goes on in the next line.
    private func continues(after last: Character) -> Bool {
        guard line + 1 < lines.count else { return false }
        if ",>&:".contains(last) && last != ">" { return true }
        let next = lines[line + 1].drop { $0 == " " }
        return ["{", "->", "where ", "async", "throws", "rethrows", ")"].contains { next.hasPrefix($0) }
    }
}
