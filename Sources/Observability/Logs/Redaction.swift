/// Keeps secrets out of logs: values under telling keys, credentials in texts, passwords in addresses.
///
/// A net under the rule that nobody logs secrets, not a replacement of it.
package enum Redaction {
    /// What stands in place of a secret.
    package static let mark = "[redacted]"

    private static let tellingParts = [
        "authorization", "cookie", "password", "passwd", "secret", "token", "apikey", "api_key", "api-key",
        "credential", "privatekey", "private_key", "private-key",
    ]
    private static let schemes = ["bearer ", "basic ", "token="]

    /// Whether a key announces a secret; page tokens are none.
    package static func isTelling(_ key: String) -> Bool {
        let key = key.lowercased()
        return key != "page_token" && key != "next_page_token" && tellingParts.contains { key.contains($0) }
    }

    /// The text without credentials after `Bearer`, `Basic` or `token=`, and without passwords in addresses.
    package static func clean(_ text: String) -> String {
        var result = text
        for scheme in schemes {
            result = withoutCredentials(after: scheme, in: result)
        }
        return result.contains("://") ? withoutUserInfo(result) : result
    }

    private static func withoutCredentials(after scheme: String, in text: String) -> String {
        guard text.utf8.count >= scheme.utf8.count + 8, text.lowercased().contains(scheme) else { return text }
        let bytes = Array(text.utf8)
        let pattern = Array(scheme.utf8)
        var result: [UInt8] = []
        var position = 0
        while position < bytes.count {
            guard matches(pattern, bytes, position) else {
                result.append(bytes[position])
                position += 1
                continue
            }
            let start = position + pattern.count
            var end = start
            while end < bytes.count, isCredential(bytes[end]) { end += 1 }
            result.append(contentsOf: bytes[position..<start])
            // Words such as "basic check" are shorter than any credential.
            result.append(contentsOf: end - start >= 8 ? ArraySlice(mark.utf8) : bytes[start..<end])
            position = end
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func withoutUserInfo(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let scheme = rest.firstRange(of: "://") {
            result += rest[..<scheme.upperBound]
            rest = rest[scheme.upperBound...]
            let authority = rest.prefix { !" /?#\"'<>\n\t".contains($0) }
            if let at = authority.lastIndex(of: "@") {
                result += mark
                rest = rest[at...]
            }
        }
        return result + rest
    }

    private static func matches(_ pattern: [UInt8], _ bytes: [UInt8], _ position: Int) -> Bool {
        guard bytes.count - position >= pattern.count else { return false }
        return pattern.indices.allSatisfy { index in
            let byte = bytes[position + index]
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            return (isUpper ? byte | 0x20 : byte) == pattern[index]
        }
    }

    private static func isCredential(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-._~+/=".utf8.contains(byte)
        }
    }
}
