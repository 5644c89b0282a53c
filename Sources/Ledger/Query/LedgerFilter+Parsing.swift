package import Core

extension LedgerFilter {
    /// Reads a filter such as `version = 3 and (wrong or score < 0.6) and features."mean radius" > 20`; empty text is
    /// everything.
    ///
    /// - Throws: `invalidArgument` naming the place and what is expected there.
    package init(parsing text: String) throws(MartletError) {
        guard text.utf8.count <= LedgerLimits.filterBytes else {
            throw MartletError(
                .invalidArgument,
                "The filter has \(text.utf8.count) bytes; at most \(LedgerLimits.filterBytes) are read."
            )
        }
        var parser = LedgerFilterParser(tokens: try LedgerFilterToken.split(text))
        self = try parser.whole()
    }
}

/// A recursive descent over the words of a filter.
struct LedgerFilterParser {
    private let tokens: [LedgerFilterToken]
    private var next = 0
    private var terms = 0

    init(tokens: [LedgerFilterToken]) { self.tokens = tokens }

    mutating func whole() throws(MartletError) -> LedgerFilter {
        if tokens[0].kind == .end { return .everything }
        let filter = try alternatives(depth: 0)
        guard tokens[next].kind == .end else { throw expected("'and', 'or' or the end") }
        return filter
    }

    private mutating func alternatives(depth: Int) throws(MartletError) -> LedgerFilter {
        var filter = try conjunction(depth: depth)
        while take(word: "or") { filter = .or(filter, try conjunction(depth: depth)) }
        return filter
    }

    private mutating func conjunction(depth: Int) throws(MartletError) -> LedgerFilter {
        var filter = try single(depth: depth)
        while take(word: "and") { filter = .and(filter, try single(depth: depth)) }
        return filter
    }

    private mutating func single(depth: Int) throws(MartletError) -> LedgerFilter {
        guard depth < LedgerLimits.filterDepth else {
            throw wrong("is nested too deep; at most \(LedgerLimits.filterDepth) levels are read")
        }
        if take(word: "not") { return .not(try single(depth: depth + 1)) }
        if take(symbol: "(") {
            let filter = try alternatives(depth: depth + 1)
            guard take(symbol: ")") else { throw expected("')'") }
            return filter
        }
        terms += 1
        guard terms <= LedgerLimits.filterTerms else {
            throw wrong("is one comparison too many; at most \(LedgerLimits.filterTerms) are read")
        }
        return try comparison()
    }

    private mutating func comparison() throws(MartletError) -> LedgerFilter {
        guard case .word(let name) = tokens[next].kind else { throw expected("a field or a word such as 'wrong'") }
        if let word = LedgerWord(rawValue: name.lowercased()) {
            next += 1
            return .word(word)
        }
        let field = try field(name)
        if take(word: "is") {
            let isPresent = take(word: "not")
            guard take(word: "null") else { throw expected("'null'") }
            return .compare(field, isPresent ? .isPresent : .isMissing, [])
        }
        if take(word: "in") {
            guard take(symbol: "(") else { throw expected("'('") }
            var operands = [try operand(of: field)]
            while take(symbol: ",") {
                operands.append(try operand(of: field))
                guard operands.count <= LedgerLimits.filterTerms else {
                    throw wrong("is one value too many; at most \(LedgerLimits.filterTerms) are read")
                }
            }
            guard take(symbol: ")") else { throw expected("',' or ')'") }
            return .compare(field, .isIn, operands)
        }
        guard case .symbol(let text) = tokens[next].kind, let operation = LedgerOperator(rawValue: text) else {
            throw expected("one of =, !=, <, <=, >, >=, in, is")
        }
        if !field.isOrdered, operation != .equal, operation != .unequal {
            throw wrong("does not go with '\(name)', which has no order; use =, != or in")
        }
        next += 1
        return .compare(field, operation, [try operand(of: field)])
    }

    private mutating func field(_ name: String) throws(MartletError) -> LedgerField {
        let place = next
        next += 1
        if name.lowercased() == "features" || name.lowercased() == "feature" {
            guard take(symbol: "."), let column = columnName() else {
                throw expected("'.' and the name of a column, such as features.age or features.\"mean radius\"")
            }
            return .feature(column)
        }
        if let field = LedgerField(name: name.lowercased()) { return field }
        let known = LedgerField.names.map(\.0) + LedgerWord.allCases.map(\.rawValue) + ["features"]
        let hint = NearestName.of(name.lowercased(), among: known).map { "did you mean '\($0)'? Known" } ?? "known"
        throw MartletError(
            .invalidArgument,
            "Filter, position \(tokens[place].position): '\(name)' is not a field; \(hint) are "
                + known.sorted().joined(separator: ", ") + "."
        )
    }

    private mutating func columnName() -> String? {
        switch tokens[next].kind {
        case .word(let name), .quoted(let name):
            next += 1
            var whole = name
            // A column may have dots of its own: features.a.b is the column a.b.
            while case .symbol(".") = tokens[next].kind, case .word(let more) = tokens[next + 1].kind {
                whole += "." + more
                next += 2
            }
            return whole
        default: return nil
        }
    }

    private mutating func operand(of field: LedgerField) throws(MartletError) -> LedgerOperand {
        let token = tokens[next]
        let value: LedgerOperand?
        switch token.kind {
        case .number(let number, let text): value = field.isText ? .text(text) : .number(number)
        case .quoted(let text): value = field.operand(text)
        case .word(let text): value = field.operand(text)
        default: value = nil
        }
        guard let value else { throw expected(field.expectation) }
        next += 1
        return value
    }

    private mutating func take(word: String) -> Bool {
        guard case .word(let text) = tokens[next].kind, text.lowercased() == word else { return false }
        next += 1
        return true
    }

    private mutating func take(symbol: String) -> Bool {
        guard case .symbol(symbol) = tokens[next].kind else { return false }
        next += 1
        return true
    }

    private func wrong(_ what: String) -> MartletError {
        let token = tokens[next]
        return MartletError(.invalidArgument, "Filter, position \(token.position): \(token.shown) \(what).")
    }

    private func expected(_ what: String) -> MartletError {
        let token = tokens[next]
        return MartletError(
            .invalidArgument,
            "Filter, position \(token.position): expected \(what), but found \(token.shown)."
        )
    }
}
