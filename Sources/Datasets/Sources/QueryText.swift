/// The query of an address.
enum QueryText {
    /// Everything but letters, digits and `-._~` as percent and two digits.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
            default:
                bytes.append(0x25)
                for half in [byte >> 4, byte & 15] { bytes.append(half < 10 ? 0x30 + half : 0x37 + half) }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An address with more parameters.
    static func adding(_ parameters: [(String, String)], to address: String) -> String {
        guard !parameters.isEmpty else { return address }
        let query = parameters.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
        return address + (address.contains("?") ? "&" : "?") + query
    }
}

/// The header `Link` of RFC 8288.
enum LinkHeader {
    /// The address with `rel="next"`; nil when there is none.
    static func next(in headers: [(name: String, value: String)]) -> String? {
        for header in headers where header.name.lowercased() == "link" {
            var rest = header.value.prefix(16_384)[...]
            while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
                let target = rest[rest.index(after: open)..<close]
                rest = rest[rest.index(after: close)...]
                let end = rest.firstIndex(of: "<") ?? rest.endIndex
                let words = rest[..<end].lowercased().filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
                if words.split(whereSeparator: { $0 == ";" || $0 == "," }).contains("rel=next") {
                    return String(target)
                }
                rest = rest[end...]
            }
        }
        return nil
    }
}
