extension ModelCard {
    /// The card as a page of HTML that needs nothing else; every text is escaped.
    package var html: String {
        var body = "<h1>\(Self.markup(title))</h1>\n"
        for section in sections {
            body += "<section>\n<h2>\(Self.markup(section.title))</h2>\n"
            for block in section.blocks { body += Self.html(block) }
            body += "</section>\n"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Self.markup(title))</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
            table { border-collapse: collapse; } th, td { text-align: left; padding: .25rem 1rem .25rem 0; }
            tr { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
            dt { font-weight: 600; } dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
            </style>
            </head>
            <body>
            \(body)</body>
            </html>

            """
    }

    private static func html(_ block: Block) -> String {
        switch block {
        case .text(let text):
            return "<p>" + text.split(separator: "\n").map { markup(String($0)) }.joined(separator: "<br>") + "</p>\n"
        case .facts(let facts):
            let items = facts.map { "<dt>\(markup($0.name))</dt><dd>\(markup($0.value))</dd>\n" }
            return "<dl>\n\(items.joined())</dl>\n"
        case .table(let columns, let rows):
            let head = columns.map { "<th scope=\"col\">\(markup($0))</th>" }.joined()
            let lines = rows.map { row in "<tr>\(row.map { "<td>\(markup($0))</td>" }.joined())</tr>\n" }
            return "<table>\n<thead><tr>\(head)</tr></thead>\n<tbody>\n\(lines.joined())</tbody>\n</table>\n"
        }
    }

    /// Text without a meaning of its own in HTML.
    static func markup(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: if character.value >= 0x20 { result.unicodeScalars.append(character) } else { result += " " }
            }
        }
        return result
    }
}
