import Core
import Storage

/// A comparison of texts that is made here and not in the database.
struct TextCheck: Sendable {
    private enum Rule: Sendable {
        case equal(String)
        case notEqual(String)
        case among([String])
        case notAmong([String])
        case like([Character], ignoresCase: Bool)
        case pattern(LinearPattern)
    }

    private let rule: Rule

    /// Takes a comparison.
    ///
    /// - Throws: `invalidArgument` if the operator or the value is not one for text; `name` is what the user wrote.
    init(_ comparison: SearchComparison, _ name: String) throws(MartletError) {
        switch (comparison.operation, comparison.value) {
        case (.equal, .text(let text)): rule = .equal(text)
        case (.notEqual, .text(let text)): rule = .notEqual(text)
        case (.isIn, .texts(let texts)): rule = .among(texts)
        case (.isNotIn, .texts(let texts)): rule = .notAmong(texts)
        case (.like, .text(let text)): rule = .like(Array(text), ignoresCase: false)
        case (.ilike, .text(let text)): rule = .like(Array(text.lowercased()), ignoresCase: true)
        case (.rlike, .text(let text)): rule = .pattern(try LinearPattern(text))
        case (_, .number(let text)):
            throw MartletError(
                .invalidArgument,
                "Expected a quoted string value for \(name) (e.g. '\(text)'), but got the number \(text)."
            )
        default: throw comparison.invalidOperator(for: name)
        }
    }

    /// Whether a text passes.
    ///
    /// - Throws: `invalidArgument` when the budget for matching patterns is used up.
    func passes(_ text: String, _ budget: inout Int) throws(MartletError) -> Bool {
        switch rule {
        case .equal(let other): return text == other
        case .notEqual(let other): return text != other
        case .among(let others): return others.contains(text)
        case .notAmong(let others): return !others.contains(text)
        case .like(let pattern, let ignoresCase): return Self.like(ignoresCase ? text.lowercased() : text, pattern)
        case .pattern(let pattern): return try pattern.occurs(in: text, budget: &budget)
        }
    }

    /// LIKE: `%` stands for any run of characters, `_` for one.
    private static func like(_ text: String, _ pattern: [Character]) -> Bool {
        let text = Array(text)
        var (position, index) = (0, 0)
        // Where the last % stood, and how much it has taken so far.
        var retry: (index: Int, position: Int)?
        while position < text.count {
            if index < pattern.count, pattern[index] == "%" {
                retry = (index, position)
                index += 1
            } else if index < pattern.count, pattern[index] == "_" || pattern[index] == text[position] {
                position += 1
                index += 1
            } else if let last = retry {
                index = last.index + 1
                position = last.position + 1
                retry = (last.index, position)
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == "%" }
    }
}
