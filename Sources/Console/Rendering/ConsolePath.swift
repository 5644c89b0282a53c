/// Addresses of the console's pages; every name is percent-encoded as one path segment.
package enum ConsolePath {
    /// A path made of literal and encoded segments: `of("models", name)`.
    package static func of(_ segments: String...) -> String {
        "/" + segments.map(encoded).joined(separator: "/")
    }

    /// A query string item's value, encoded.
    package static func query(_ path: String, _ items: [(String, String)]) -> String {
        guard !items.isEmpty else { return path }
        return path + "?" + items.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
    }

    /// RFC 3986: everything but unreserved characters becomes `%XX`.
    ///
    /// A lone `.` or `..` keeps its meaning as a name.
    package static func encoded(_ text: String) -> String {
        let dots = text == "." || text == ".."
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte), !(dots && byte == UInt8(ascii: ".")) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return result
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
