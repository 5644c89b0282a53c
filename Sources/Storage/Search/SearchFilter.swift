package import Core

/// Parses the filter language of searches: comparisons joined by AND (MLflow's grammar, all its entities).
package enum SearchFilter {
    /// The comparisons of a filter; none for nil or the empty text.
    ///
    /// - Throws: `invalidArgument` that shows where the text is wrong, or which limit of `SearchLimits` it passes.
    package static func parse(_ text: String?) throws(MartletError) -> [SearchComparison] {
        guard let text, !text.isEmpty else { return [] }
        var parser = SearchFilterParser(try SearchScanner(text, what: .filter))
        return try parser.comparisons()
    }
}

private struct SearchFilterParser {
    private var scanner: SearchScanner
    private var pending: SearchScanner.Token?

    init(_ scanner: SearchScanner) {
        self.scanner = scanner
    }

    mutating func comparisons() throws(MartletError) -> [SearchComparison] {
        var found: [SearchComparison] = []
        repeat {
            guard found.count < SearchLimits.comparisons else {
                throw scanner.invalid("at most \(SearchLimits.comparisons) comparisons are allowed.")
            }
            found.append(try comparison())
        } while try takeAnd()
        return found
    }

    private mutating func next() throws(MartletError) -> SearchScanner.Token? {
        defer { pending = nil }
        if let pending { return pending }
        return try scanner.next()
    }

    private mutating func takeAnd() throws(MartletError) -> Bool {
        guard let token = try next() else { return false }
        guard Self.keyword(token) == "AND" else {
            throw scanner.invalid("only AND may stand between comparisons.")
        }
        return true
    }

    private static func keyword(_ token: SearchScanner.Token?) -> String? {
        guard case .field(let field, isQuoted: false) = token, field.entity == nil else { return nil }
        return field.key.uppercased()
    }

    private mutating func comparison() throws(MartletError) -> SearchComparison {
        let field: SearchField
        switch try next() {
        case .field(let name, let isQuoted):
            if !isQuoted, name.entity == nil, ["AND", "OR", "NOT"].contains(name.key.uppercased()) {
                throw scanner.invalid("a comparison is missing; OR and NOT are not supported.")
            }
            field = name
        case .text(let key): field = SearchField(entity: nil, key: key)
        case .open: throw scanner.invalid("parentheses are only allowed after IN.")
        default: throw scanner.invalid("a comparison such as metrics.loss < 0.5 is expected.")
        }
        let operation = try operation()
        return SearchComparison(field: field, operation: operation, value: try value(for: operation))
    }

    private mutating func operation() throws(MartletError) -> SearchComparison.Operator {
        let token = try next()
        if case .operation(let text) = token, let operation = SearchComparison.Operator(rawValue: text) {
            return operation
        }
        switch Self.keyword(token) {
        case "LIKE": return .like
        case "ILIKE": return .ilike
        case "RLIKE": return .rlike
        case "IN": return .isIn
        case "NOT":
            guard Self.keyword(try next()) == "IN" else { throw scanner.invalid("NOT is only allowed in NOT IN.") }
            return .isNotIn
        case "IS":
            let word = Self.keyword(try next())
            if word == "NULL" { return .isNull }
            guard word == "NOT", Self.keyword(try next()) == "NULL" else {
                throw scanner.invalid("IS must be followed by NULL or NOT NULL.")
            }
            return .isNotNull
        default:
            throw scanner.invalid("an operator is expected: =, !=, <, <=, >, >=, LIKE, ILIKE, IN or IS NULL.")
        }
    }

    private mutating func value(
        for operation: SearchComparison.Operator
    ) throws(MartletError) -> SearchComparison.Value {
        switch operation {
        case .isNull, .isNotNull: return .none
        case .isIn, .isNotIn: return .texts(try list())
        default: break
        }
        switch try next() {
        case .text(let text): return .text(text)
        case .number(let text): return .number(text)
        default: throw scanner.invalid("a number or a quoted text is expected after '\(operation.rawValue)'.")
        }
    }

    private mutating func list() throws(MartletError) -> [String] {
        guard try next() == .open else { throw scanner.invalid("IN needs a list such as ('a', 'b').") }
        var texts: [String] = []
        while true {
            let token = try next()
            // A list of one text written by Python ends with a comma.
            if token == .close, !texts.isEmpty { return texts }
            guard case .text(let text) = token else {
                throw scanner.invalid("the list after IN holds quoted texts only.")
            }
            guard texts.count < SearchLimits.listValues else {
                throw scanner.invalid("a list holds at most \(SearchLimits.listValues) texts.")
            }
            texts.append(text)
            switch try next() {
            case .comma: continue
            case .close: return texts
            default: throw scanner.invalid("the list after IN is not closed.")
            }
        }
    }
}
