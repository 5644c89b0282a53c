import Core

/// Splits filters and orderings into words, quoted keys, texts, numbers and operators.
struct SearchScanner {
    enum Token: Equatable {
        /// A bare word, or words and quoted keys joined by dots: the parts, the first of which may be an entity.
        case field(SearchField, isQuoted: Bool)
        case text(String)
        case number(String)
        case operation(String)
        case open
        case close
        case comma
    }

    /// What is scanned, by the name that errors give it.
    enum Subject: String {
        case filter = "filter string"
        case order = "order_by clause"
    }

    private let characters: [Character]
    private var position = 0
    private let what: Subject

    init(_ text: String, what: Subject) throws(MartletError) {
        guard text.utf8.count <= SearchLimits.filterBytes else {
            throw MartletError(
                .invalidArgument,
                "Invalid \(what.rawValue): it is longer than \(SearchLimits.filterBytes) bytes."
            )
        }
        characters = Array(text)
        self.what = what
    }

    /// An error that shows where the scanner stands.
    func invalid(_ reason: String) -> MartletError {
        let near = String(characters[Swift.min(position, characters.count)...].prefix(40))
        let place = near.isEmpty ? "at its end" : "near '\(near)'"
        switch what {
        case .filter:
            return MartletError(.invalidArgument, "Invalid clause(s) in \(what.rawValue) \(place): \(reason)")
        case .order:
            let whole = String(characters.prefix(100))
            return MartletError(
                .invalidArgument,
                "Invalid \(what.rawValue) '\(whole)'. Could not be parsed \(place): \(reason)"
            )
        }
    }

    /// The next token, or nil at the end.
    mutating func next() throws(MartletError) -> Token? {
        while let character = peek, character.isWhitespace { position += 1 }
        guard let character = peek else { return nil }
        switch character {
        case "(":
            position += 1
            return .open
        case ")":
            position += 1
            return .close
        case ",":
            position += 1
            return .comma
        case "=", "!", "<", ">":
            return .operation(try operation())
        case "'", "\"":
            let text = try quoted()
            // A quoted text before a dot or an operator is a key; the parser knows which it needs.
            return .text(text)
        case "`":
            return .field(SearchField(entity: nil, key: try quoted()), isQuoted: true)
        default:
            if let number = number() { return .number(number) }
            return try field()
        }
    }

    private var peek: Character? {
        position < characters.count ? characters[position] : nil
    }

    private mutating func operation() throws(MartletError) -> String {
        var text = ""
        while let character = peek, "=!<>".contains(character) {
            text.append(character)
            position += 1
        }
        guard ["=", "!=", "<", "<=", ">", ">="].contains(text) else {
            throw invalid("'\(text)' is not an operator; use =, !=, <, <=, >, >=, LIKE, ILIKE, IN or IS NULL.")
        }
        return text
    }

    /// Text between a quote character and its next occurrence; a quote cannot be escaped.
    private mutating func quoted() throws(MartletError) -> String {
        let quote = characters[position]
        guard let end = characters[(position + 1)...].firstIndex(of: quote) else {
            throw invalid("the quote \(quote) is not closed.")
        }
        defer { position = end + 1 }
        return String(characters[(position + 1)..<end])
    }

    /// `1`, `1.0`, `.5`, `-1`, `1e3`, unless a word goes on after it.
    private mutating func number() -> String? {
        var end = position
        func digits() -> Int {
            let start = end
            while end < characters.count, characters[end].isASCII, characters[end].isNumber { end += 1 }
            return end - start
        }
        if end < characters.count, characters[end] == "-" { end += 1 }
        var count = digits()
        if end < characters.count, characters[end] == "." {
            end += 1
            count += digits()
        }
        guard count > 0 else { return nil }
        if end < characters.count, characters[end] == "e" || characters[end] == "E" {
            end += 1
            if end < characters.count, characters[end] == "-" || characters[end] == "+" { end += 1 }
            guard digits() > 0 else { return nil }
        }
        if end < characters.count, Self.isWord(characters[end]) { return nil }
        defer { position = end }
        return String(characters[position..<end])
    }

    /// A word, with an entity before its first dot and a quoted key after it if there is one.
    private mutating func field() throws(MartletError) -> Token {
        let first = word()
        guard !first.isEmpty else { throw invalid("this character is not expected here.") }
        guard peek == "." else { return .field(SearchField(entity: nil, key: first), isQuoted: false) }
        position += 1
        if let character = peek, character == "`" || character == "\"" || character == "'" {
            return .field(SearchField(entity: first, key: try quoted()), isQuoted: true)
        }
        var rest = word()
        while peek == "." {
            position += 1
            if let character = peek, "`\"'".contains(character) {
                return .field(SearchField(entity: first, key: rest + "." + (try quoted())), isQuoted: true)
            }
            rest += "." + word()
        }
        guard !rest.isEmpty else { throw invalid("a key is missing after '\(first).'.") }
        return .field(SearchField(entity: first, key: rest), isQuoted: false)
    }

    private mutating func word() -> String {
        let start = position
        while let character = peek, Self.isWord(character) { position += 1 }
        return String(characters[start..<position])
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == "-" || character == "/"
            || character == ":"
    }
}
