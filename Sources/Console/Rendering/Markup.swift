import Mustache

/// HTML that is safe to insert as it is: made only by the builders of this module, which escape every text.
///
/// Templates insert it with three braces; anything else goes through two braces, which escape.
package struct Markup: Sendable, Hashable, MustacheCustomRenderable {
    /// The HTML.
    package private(set) var html: String

    /// Starts empty.
    package init() {
        html = ""
    }

    /// Takes HTML that is written in the source of this module, or made by another builder.
    package init(trusted html: String) {
        self.html = html
    }

    /// What Mustache inserts.
    package var renderText: String { html }
    /// An empty drawing hides its section.
    package var isNull: Bool { html.isEmpty }

    /// Appends HTML as it is; never pass text from outside.
    package mutating func raw(_ html: String) {
        self.html += html
    }

    /// Appends another piece of markup.
    package mutating func append(_ other: Markup) {
        html += other.html
    }

    /// Appends text with the five special characters escaped.
    package mutating func text(_ text: String) {
        html += Markup.escaped(text)
    }

    /// The text with `& < > " '` replaced by entities: safe in content and in quoted attributes.
    package static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: isSpecial) else { return text }
        var result = ""
        result.reserveCapacity(text.utf8.count + 16)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"): true
        default: false
        }
    }
}
