import Core

/// A word, number, text or sign of a filter, and where it stands.
struct LedgerFilterToken {
    enum Kind: Equatable {
        case word(String)
        case number(Double, text: String)
        case quoted(String)
        case symbol(String)
        case end
    }

    let kind: Kind
    /// The position of its first character, counted from 1.
    let position: Int

    /// How an error names it.
    var shown: String {
        switch kind {
        case .word(let text), .quoted(let text), .symbol(let text), .number(_, let text): "'\(text)'"
        case .end: "the end"
        }
    }

    /// The tokens of a filter; the last one is the end.
    ///
    /// - Throws: `invalidArgument` naming the place.
    static func split(_ text: String) throws(MartletError) -> [LedgerFilterToken] {
        let characters = Array(text)
        var tokens: [LedgerFilterToken] = []
        var index = 0
        while index < characters.count {
            if characters[index].isWhitespace {
                index += 1
                continue
            }
            let start = index
            let kind = try token(characters, &index)
            tokens.append(LedgerFilterToken(kind: kind, position: start + 1))
        }
        tokens.append(LedgerFilterToken(kind: .end, position: characters.count + 1))
        return tokens
    }

    private static func token(_ characters: [Character], _ index: inout Int) throws(MartletError) -> Kind {
        let first = characters[index]
        let start = index
        if first == "'" || first == "\"" { return try quoted(characters, &index) }
        if "(),.".contains(first), !(first == "." && index + 1 < characters.count && characters[index + 1].isNumber) {
            index += 1
            return .symbol(String(first))
        }
        if "=!<>".contains(first) {
            index += 1
            if index < characters.count, characters[index] == "=", first != "=" { index += 1 }
            let text = String(characters[start..<index])
            guard text != "!" else { throw wrong(start, "'!' stands alone; write != or not") }
            return .symbol(text)
        }
        if first.isNumber || "+-.".contains(first) {
            while index < characters.count, isNumeric(characters, index, start) { index += 1 }
            let text = String(characters[start..<index])
            guard let number = Double(text), number.isFinite else {
                // A time or a length of time is a word for its field to read.
                guard first.isNumber else { throw wrong(start, "'\(text)' is not a number") }
                return .word(text)
            }
            return .number(number, text: text)
        }
        guard isWord(first) else { throw wrong(start, "'\(first)' cannot stand here") }
        while index < characters.count, isWord(characters[index]) || characters[index] == "-" { index += 1 }
        return .word(String(characters[start..<index]))
    }

    private static func quoted(_ characters: [Character], _ index: inout Int) throws(MartletError) -> Kind {
        let start = index
        let quote = characters[index]
        var text = ""
        index += 1
        while index < characters.count {
            if characters[index] == quote {
                // A doubled quote is one quote.
                guard index + 1 < characters.count, characters[index + 1] == quote else {
                    index += 1
                    return .quoted(text)
                }
                index += 1
            }
            text.append(characters[index])
            index += 1
        }
        throw wrong(start, "the text that begins here has no end")
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    private static func isNumeric(_ characters: [Character], _ index: Int, _ start: Int) -> Bool {
        let character = characters[index]
        if character.isNumber || character.isLetter || character == "." || character == ":" { return true }
        return (character == "+" || character == "-")
            && (index == start || "eE".contains(characters[index - 1]) || characters[start].isNumber)
    }

    private static func wrong(_ index: Int, _ what: String) -> MartletError {
        MartletError(.invalidArgument, "Filter, position \(index + 1): \(what).")
    }
}
