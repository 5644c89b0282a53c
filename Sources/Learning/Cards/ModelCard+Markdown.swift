extension ModelCard {
    /// The card as Markdown; names and texts are escaped, so that they stay what they are.
    package var markdown: String {
        var lines = ["# \(Self.escaped(title))", ""]
        for section in sections {
            lines += ["## \(Self.escaped(section.title))", ""]
            for block in section.blocks {
                lines += Self.lines(block)
                lines.append("")
            }
        }
        return lines.dropLast().joined(separator: "\n") + "\n"
    }

    private static func lines(_ block: Block) -> [String] {
        switch block {
        case .text(let text):
            return text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) }
        case .facts(let facts): return facts.map { "- **\(escaped($0.name))**: \(escaped($0.value))" }
        case .table(let columns, let rows):
            let cells = { (row: [String]) in "| " + row.map(escaped).joined(separator: " | ") + " |" }
            return [cells(columns), "|" + columns.map { _ in " --- |" }.joined()] + rows.map(cells)
        }
    }

    /// Text without a meaning of its own in Markdown or HTML.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\", "`", "*", "_", "{", "}", "[", "]", "(", ")", "#", "|", "~", "!":
                result += "\\\(character)"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\n", "\r", "\t": result += " "
            default: if character.value >= 0x20 { result.unicodeScalars.append(character) }
            }
        }
        return result
    }
}
