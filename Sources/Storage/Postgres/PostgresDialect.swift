/// The one place where the SQL that both databases share becomes PostgreSQL's.
///
/// - `?` becomes `$1`, `$2`, … outside quotes and comments.
/// - `LIKE` without `ESCAPE` gets `ESCAPE ''`: as in SQLite, no character escapes another.
/// - `LOWER(?)` folds ASCII only, as it does in SQLite and for every column here.
/// - In `CREATE TABLE` and `ALTER TABLE`, `TEXT` compares bytewise (`COLLATE "C"`), `BLOB` is `BYTEA`, and
///   `WITHOUT ROWID`, by which SQLite stores a table in the order of its key, is left out.
package struct PostgresDialect {
    private var words: [Substring] = []
    private var parameters = 0

    /// The statement in PostgreSQL's words.
    package static func translate(_ sql: String) -> String {
        var dialect = PostgresDialect()
        dialect.split(sql)
        if dialect.isTableDefinition { dialect.rewriteTableDefinition() }
        dialect.rewritePatterns()
        return dialect.numbered()
    }

    // MARK: - Words

    /// Splits into words, quoted texts, comments, blanks and single characters; joined they are the statement again.
    private mutating func split(_ sql: String) {
        let bytes = sql.utf8
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let end = Self.end(of: bytes, from: index)
            words.append(sql[index..<end])
            index = end
        }
    }

    private static func end(of bytes: String.UTF8View, from start: String.Index) -> String.Index {
        let byte = bytes[start]
        let next = bytes.index(after: start)
        let following = next < bytes.endIndex ? bytes[next] : 0
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            // A doubled quote ends one text and begins the next, which comes to the same.
            return bytes[next...].firstIndex(of: byte).map(bytes.index(after:)) ?? bytes.endIndex
        case UInt8(ascii: "-") where following == byte:
            return bytes[next...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
        case UInt8(ascii: "/") where following == UInt8(ascii: "*"):
            var index = bytes.index(after: next)
            while index < bytes.endIndex {
                let after = bytes.index(after: index)
                if bytes[index] == UInt8(ascii: "*"), after < bytes.endIndex, bytes[after] == UInt8(ascii: "/") {
                    return bytes.index(after: after)
                }
                index = after
            }
            return bytes.endIndex
        case let byte where isBlank(byte):
            return bytes[start...].firstIndex { !isBlank($0) } ?? bytes.endIndex
        case let byte where isWord(byte):
            return bytes[start...].firstIndex { !isWord($0) } ?? bytes.endIndex
        default:
            return next
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 32 || (9...13).contains(byte)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte >= 128
    }

    /// The position of the next word at or after `index` that is neither blank nor a comment.
    private func meaning(from index: Int) -> Int? {
        words.indices.dropFirst(index).first { position in
            let word = words[position]
            guard let byte = word.utf8.first else { return false }
            return !Self.isBlank(byte) && !word.hasPrefix("--") && !word.hasPrefix("/*")
        }
    }

    private func isKeyword(_ index: Int?, _ keyword: String) -> Bool {
        guard let index else { return false }
        return words[index].utf8.count == keyword.utf8.count && words[index].uppercased() == keyword
    }

    // MARK: - Rewriting

    private var isTableDefinition: Bool {
        guard let first = meaning(from: 0), let second = meaning(from: first + 1) else { return false }
        return (isKeyword(first, "CREATE") || isKeyword(first, "ALTER")) && isKeyword(second, "TABLE")
    }

    private mutating func rewriteTableDefinition() {
        for index in words.indices {
            if isKeyword(index, "TEXT") { words[index] = "TEXT COLLATE \"C\"" }
            if isKeyword(index, "BLOB") { words[index] = "BYTEA" }
            if isKeyword(index, "WITHOUT"), let next = meaning(from: index + 1), isKeyword(next, "ROWID") {
                words[index] = ""
                words[next] = ""
            }
        }
    }

    private mutating func rewritePatterns() {
        for index in words.indices {
            if isKeyword(index, "LOWER") || isKeyword(index, "UPPER") { collateParameter(ofCallAt: index) }
        }
        for index in words.indices.reversed() where isKeyword(index, "LIKE") {
            guard let end = operandEnd(after: index), !isKeyword(meaning(from: end + 1), "ESCAPE") else { continue }
            words.insert(" ESCAPE ''", at: end + 1)
        }
    }

    private mutating func collateParameter(ofCallAt index: Int) {
        guard let open = meaning(from: index + 1), words[open] == "(", let mark = meaning(from: open + 1),
            words[mark] == "?", let close = meaning(from: mark + 1), words[close] == ")"
        else { return }
        words.insert(" COLLATE \"C\"", at: close)
    }

    /// The last word of the operand after LIKE: a parameter, a text, a name, or a call with its parentheses.
    private func operandEnd(after index: Int) -> Int? {
        guard var end = meaning(from: index + 1) else { return nil }
        // Two quoted pieces side by side are one text with a quote in it.
        while words[end].hasPrefix("'"), end + 1 < words.count, words[end + 1].hasPrefix("'") { end += 1 }
        var open: Int? = words[end] == "(" ? end : nil
        if open == nil, let next = meaning(from: end + 1), words[next] == "(" { open = next }
        guard let open else { return end }
        var depth = 0
        for position in words.indices.dropFirst(open) {
            if words[position] == "(" { depth += 1 }
            if words[position] == ")" { depth -= 1 }
            if depth == 0 { return position }
        }
        return nil
    }

    private mutating func numbered() -> String {
        var text = ""
        for word in words {
            if word == "?" {
                parameters += 1
                text += "$\(parameters)"
            } else {
                text += word
            }
        }
        return text
    }
}
