/// The name and port of an `Host` or `Origin` authority (RFC 3986, section 3.2), strictly parsed.
package struct HostName: Equatable {
    /// The name in lower case; an IPv6 address without brackets.
    package let name: String
    /// The port when one is given.
    package let port: Int?

    /// Parses `name`, `name:port` or `[address]:port`; nil for anything else, such as user info or a path.
    package init?(authority: String) {
        var rest = Substring(authority.lowercased())
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            name = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isAddressByte) else { return nil }
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            name = String(rest[..<end])
            rest = rest[end...]
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else { return nil }
        }
        guard !rest.isEmpty else {
            port = nil
            return
        }
        guard rest.first == ":", let number = UInt16(rest.dropFirst()), !rest.dropFirst().hasPrefix("+") else {
            return nil
        }
        port = Int(number)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x66, 0x30...0x39, 0x3A, 0x2E: true
        default: false
        }
    }
}
