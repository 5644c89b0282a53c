import Core

/// A piece of an expression's text and where it begins, counted in bytes from 1.
struct ExpressionToken {
    enum Kind: Equatable {
        case number(Double)
        case text(String)
        /// A word: a function, a constant or a column.
        case word(String)
        /// A column between backticks.
        case column(String)
        case symbol(String)
        case end
    }

    let kind: Kind
    let place: Int
}

/// Takes an expression's text apart.
struct ExpressionScanner {
    private let bytes: [UInt8]
    private let path: String
    private var position = 0

    init(_ text: String, path: String) {
        bytes = Array(text.utf8)
        self.path = path
    }

    mutating func next() throws(MartletError) -> ExpressionToken {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        let start = position
        guard start < bytes.count else { return ExpressionToken(kind: .end, place: start + 1) }
        let byte = bytes[start]
        let kind: ExpressionToken.Kind
        if Self.isDigit(byte) || byte == 0x2E {
            kind = .number(try number())
        } else if Self.isLetter(byte) {
            while position < bytes.count,
                Self.isLetter(bytes[position]) || Self.isDigit(bytes[position]) || bytes[position] == 0x2E
            {
                position += 1
            }
            kind = .word(text(start..<position))
        } else if byte == 0x22 || byte == 0x27 {
            kind = .text(try quoted(byte))
        } else if byte == 0x60 {
            kind = .column(try quoted(byte))
        } else {
            kind = .symbol(try symbol())
        }
        return ExpressionToken(kind: kind, place: start + 1)
    }

    func failure(_ message: String, at place: Int) -> MartletError {
        MartletError(.invalidArgument, "'\(path)': \(message) at byte \(place) of the expression.")
    }

    private mutating func symbol() throws(MartletError) -> String {
        if position + 1 < bytes.count {
            let two = text(position..<position + 2)
            if ["==", "!=", "<=", ">=", "&&", "||"].contains(two) {
                position += 2
                return two
            }
        }
        let byte = bytes[position]
        guard "+-*/%^<>(),!".utf8.contains(byte) else {
            throw failure("a character that has no meaning", at: position + 1)
        }
        position += 1
        return String(UnicodeScalar(byte))
    }

    private mutating func number() throws(MartletError) -> Double {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            let isSign = (byte == 0x2B || byte == 0x2D) && position > start && bytes[position - 1] | 0x20 == 0x65
            guard Self.isDigit(byte) || byte == 0x2E || byte | 0x20 == 0x65 || isSign else { break }
            position += 1
        }
        guard let value = Double(text(start..<position)), value.isFinite else {
            throw failure("'\(text(start..<position).prefix(40))' is no finite number", at: start + 1)
        }
        return value
    }

    /// What stands between two quotes; the quote itself is written twice.
    private mutating func quoted(_ quote: UInt8) throws(MartletError) -> String {
        let start = position
        var content: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            guard byte == quote else {
                content.append(byte)
                continue
            }
            guard position < bytes.count, bytes[position] == quote else {
                return String(decoding: content, as: UTF8.self)
            }
            content.append(quote)
            position += 1
        }
        throw failure("a quote that is never closed", at: start + 1)
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// Letters of ASCII, the underscore and everything beyond ASCII.
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte == 0x5F || byte >= 0x80 }
}
