import Core

/// One word of a condition.
enum ConditionToken: Equatable {
    case literal(JSONValue)
    case reference(ValueTemplate.Reference)
    case name(String)
    case sign(String)

    private static let signs = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "(", ")", "[", "]", ",", "!"]

    /// The words of a text.
    static func tokens(of text: String, path: String) throws(MartletError) -> [ConditionToken] {
        var tokens: [ConditionToken] = []
        var rest = text[...]
        while let first = rest.first {
            if first.isWhitespace {
                rest = rest.dropFirst()
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw MartletError(.invalidArgument, "'\(path)' opens a reference with '${' and does not close it.")
                }
                let name = String(rest[..<end].dropFirst(2))
                tokens.append(.reference(try ValueTemplate.reference(name, path: path)))
                rest = rest[rest.index(after: end)...]
            } else if first == "\"" || first == "'" {
                let inner = rest.dropFirst()
                guard let end = inner.firstIndex(of: first) else {
                    throw MartletError(.invalidArgument, "'\(path)' opens a text with \(first) and does not close it.")
                }
                tokens.append(.literal(.string(String(inner[..<end]))))
                rest = inner[inner.index(after: end)...]
            } else if let sign = signs.first(where: { rest.hasPrefix($0) }) {
                tokens.append(.sign(sign))
                rest = rest.dropFirst(sign.count)
            } else {
                let word = rest.prefix {
                    $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == "." || $0 == "+"
                }
                guard !word.isEmpty else {
                    throw MartletError(.invalidArgument, "'\(path)' has '\(first)', which no condition holds.")
                }
                tokens.append(try token(String(word), path: path))
                rest = rest[word.endIndex...]
            }
        }
        return tokens
    }

    private static func token(_ word: String, path: String) throws(MartletError) -> ConditionToken {
        switch word {
        case "true": return .literal(true)
        case "false": return .literal(false)
        case "null": return .literal(.null)
        case "and": return .sign("&&")
        case "or": return .sign("||")
        case "not": return .sign("!")
        default: break
        }
        guard let first = word.first, first.isNumber || first == "-" || first == "+" || first == "." else {
            return .name(word)
        }
        if let whole = Int64(word) { return .literal(.integer(whole)) }
        if let number = Double(word), number.isFinite { return .literal(.number(number)) }
        throw MartletError(.invalidArgument, "'\(path)' has '\(word.prefix(40))', which is no number.")
    }
}

/// Reads the words of a condition; `or` binds least, then `and`, `not`, comparisons.
struct ConditionParser {
    let tokens: [ConditionToken]
    let path: String
    private var position = 0
    private var depth = 0

    init(tokens: [ConditionToken], path: String) {
        self.tokens = tokens
        self.path = path
    }

    mutating func parse() throws(MartletError) -> Condition.Expression {
        let expression = try either()
        guard position == tokens.count else { throw unexpected() }
        return expression
    }

    private mutating func either() throws(MartletError) -> Condition.Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PipelinesLimits.conditionDepth else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' is nested more than \(PipelinesLimits.conditionDepth) levels deep."
            )
        }
        var left = try both()
        while take("||") { left = .or(left, try both()) }
        return left
    }

    private mutating func both() throws(MartletError) -> Condition.Expression {
        var left = try negation()
        while take("&&") { left = .and(left, try negation()) }
        return left
    }

    private mutating func negation() throws(MartletError) -> Condition.Expression {
        var count = 0
        while take("!") { count += 1 }
        let part = try comparison()
        return count % 2 == 0 ? part : .not(part)
    }

    private mutating func comparison() throws(MartletError) -> Condition.Expression {
        let left = try primary()
        let sign: Condition.Comparison? =
            switch position < tokens.count ? tokens[position] : nil {
            case .sign(let text): Condition.Comparison(rawValue: text)
            case .name("in"): .isIn
            default: nil
            }
        guard let sign else { return left }
        position += 1
        return .compare(sign, left, try primary())
    }

    private mutating func primary() throws(MartletError) -> Condition.Expression {
        guard position < tokens.count else {
            throw MartletError(.invalidArgument, "'\(path)' ends where a value must stand.")
        }
        let token = tokens[position]
        switch token {
        case .literal(let value):
            position += 1
            return .literal(value)
        case .reference(let reference):
            position += 1
            return .reference(reference)
        case .sign("("):
            position += 1
            let inner = try either()
            try require(")")
            return inner
        case .sign("["):
            position += 1
            return try list()
        case .name(let name):
            position += 1
            return try call(name)
        case .sign: throw unexpected()
        }
    }

    private mutating func list() throws(MartletError) -> Condition.Expression {
        var parts: [Condition.Expression] = []
        if take("]") { return .list(parts) }
        repeat { parts.append(try either()) } while take(",")
        try require("]")
        return .list(parts)
    }

    private mutating func call(_ name: String) throws(MartletError) -> Condition.Expression {
        guard take("(") else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' has the word '\(name.prefix(40))'; write texts in quotes and references as ${…}."
            )
        }
        if name == "always" {
            try require(")")
            return .always
        }
        guard let state = [TaskState.succeeded, .failed, .skipped].first(where: { $0.rawValue == name }) else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' calls '\(name.prefix(40))'; there are succeeded(task), failed(task), skipped(task) and always()."
            )
        }
        guard position < tokens.count, case .name(let task) = tokens[position] else { throw unexpected() }
        position += 1
        try require(")")
        return .state(state, task: task)
    }

    private mutating func take(_ sign: String) -> Bool {
        guard position < tokens.count, tokens[position] == .sign(sign) else { return false }
        position += 1
        return true
    }

    private mutating func require(_ sign: String) throws(MartletError) {
        guard take(sign) else {
            throw MartletError(.invalidArgument, "'\(path)' misses '\(sign)' at word \(position + 1).")
        }
    }

    private func unexpected() -> MartletError {
        MartletError(.invalidArgument, "'\(path)' is not understood from word \(position + 1) on.")
    }
}
