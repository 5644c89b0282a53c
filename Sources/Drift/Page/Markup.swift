/// HTML under construction: what is text is escaped where it enters.
struct Markup {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(256 * 1024) }

    /// Appends markup as it is.
    mutating func raw(_ markup: StaticString) {
        markup.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Appends markup that this module made of numbers and its own words.
    mutating func trusted(_ markup: String) {
        bytes.append(contentsOf: markup.utf8)
    }

    /// Appends text from anywhere, escaped for elements and quoted attributes.
    mutating func text(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): raw("&amp;")
            case UInt8(ascii: "<"): raw("&lt;")
            case UInt8(ascii: ">"): raw("&gt;")
            case UInt8(ascii: "\""): raw("&quot;")
            case UInt8(ascii: "'"): raw("&#39;")
            // Characters that HTML cannot hold.
            case 0..<0x09, 0x0B, 0x0C, 0x0E..<0x20, 0x7F: raw("\u{FFFD}")
            default: bytes.append(byte)
            }
        }
    }

    /// Appends an element that holds text.
    mutating func element(_ open: StaticString, _ content: String, _ close: StaticString) {
        raw(open)
        text(content)
        raw(close)
    }

    /// Appends a table cell with a number.
    mutating func number(_ value: Double?) {
        element("<td class=\"n\">", value.map { Decimals.number($0) } ?? "–", "</td>")
    }
}
