import Core

/// Reads an expression by the strength of its operators and writes it as operations of a stack machine.
struct ExpressionParser {
    private var scanner: ExpressionScanner
    private var token: ExpressionToken
    private var operations: [Expression.Operation] = []
    private var depth = 0

    init(_ text: String, path: String) throws(MartletError) {
        scanner = ExpressionScanner(text, path: path)
        token = try scanner.next()
    }

    mutating func parse() throws(MartletError) -> [Expression.Operation] {
        try value(above: 0)
        guard token.kind == .end else { throw unexpected() }
        return operations
    }

    /// A value and all operators behind it that are stronger than `strength`.
    private mutating func value(above strength: Int) throws(MartletError) {
        depth += 1
        guard depth <= TransformsLimits.expressionDepth else {
            throw scanner.failure("nesting deeper than \(TransformsLimits.expressionDepth)", at: token.place)
        }
        try operand()
        while let found = infix, found.strength > strength {
            try advance()
            // Powers group to the right, everything else to the left.
            try value(above: found == .power ? found.strength - 1 : found.strength)
            operations.append(.binary(found))
        }
        depth -= 1
    }

    private var infix: Expression.Operator? {
        switch token.kind {
        case .symbol("&&"), .word("and"): .and
        case .symbol("||"), .word("or"): .or
        case .symbol(let symbol): Expression.Operator(rawValue: symbol)
        default: nil
        }
    }

    private mutating func operand() throws(MartletError) {
        let first = token
        try advance()
        switch first.kind {
        case .number(let number): operations.append(.number(number))
        case .text(let text): operations.append(.text(text))
        case .column(let name): operations.append(.column(name))
        case .symbol("("):
            try value(above: 0)
            try expect(")")
        case .symbol("-"):
            try value(above: 7)
            operations.append(.negate)
        case .symbol("+"): try value(above: 7)
        case .symbol("!"):
            try value(above: 7)
            operations.append(.not)
        case .word("not"):
            try value(above: 3)
            operations.append(.not)
        case .word(let word): try named(word, at: first.place)
        case .symbol, .end:
            throw scanner.failure("a value was expected", at: first.place)
        }
    }

    private mutating func named(_ word: String, at place: Int) throws(MartletError) {
        guard token.kind == .symbol("(") else {
            switch word {
            case "true": operations.append(.number(1))
            case "false": operations.append(.number(0))
            case "missing": operations.append(.missing)
            case "pi": operations.append(.number(.pi))
            case "and", "or": throw scanner.failure("a value was expected", at: place)
            default: operations.append(.column(word))
            }
            return
        }
        guard let function = ExpressionFunction(rawValue: word) else {
            let names = ExpressionFunction.allCases.map(\.rawValue)
            let hint =
                NearestName.of(word, among: names).map { "did you mean '\($0)'?" } ?? "see the list of functions."
            throw scanner.failure("there is no function '\(word.prefix(40))'; \(hint) It stands", at: place)
        }
        try advance()
        var count = 0
        if token.kind != .symbol(")") {
            while true {
                try value(above: 0)
                count += 1
                guard count <= TransformsLimits.arguments else {
                    throw scanner.failure("more than \(TransformsLimits.arguments) arguments", at: place)
                }
                guard token.kind == .symbol(",") else { break }
                try advance()
            }
        }
        try expect(")")
        guard function.counts.contains(count) else {
            throw scanner.failure("'\(word)' takes \(function.countsInWords), not \(count)", at: place)
        }
        operations.append(.call(function, count))
    }

    private mutating func expect(_ symbol: String) throws(MartletError) {
        guard token.kind == .symbol(symbol) else { throw unexpected() }
        try advance()
    }

    private mutating func advance() throws(MartletError) { token = try scanner.next() }

    private func unexpected() -> MartletError {
        if token.kind == .end { return scanner.failure("it ends too early", at: token.place) }
        return scanner.failure("something that does not belong there", at: token.place)
    }
}
