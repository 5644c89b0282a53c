package import Core
import Crypto

/// What texts and values look like in the audit log: bounded, without control characters and without secrets.
package enum AuditText {
    /// What stands in place of a secret.
    package static let mark = "[secret]"

    private static let tellingParts = [
        "password", "passwd", "secret", "authorization", "cookie", "credential", "private_key", "privatekey",
        "private-key", "api_key", "apikey", "api-key", "access_key", "access-key",
    ]

    /// A name, cut and made printable.
    package static func name(_ text: String) -> String {
        printable(cut(text, to: AuditLimits.nameCharacters))
    }

    /// A value as JSON without secrets; one that is too large becomes its size and SHA-256.
    package static func value(_ value: JSONValue) -> String {
        let masked = masked(value).serialized()
        guard masked.count > AuditLimits.valueBytes else { return String(decoding: masked, as: UTF8.self) }
        let digest = SHA256.hash(data: masked).hexadecimal
        let stub: JSONValue = ["too_large": true, "bytes": .int(masked.count), "sha256": .string(digest)]
        return String(decoding: stub.serialized(), as: UTF8.self)
    }

    /// Whether what stands under a key is a secret.
    package static func isTelling(_ key: String) -> Bool {
        let key = key.lowercased()
        return key == "token" || key.hasSuffix("_token") || tellingParts.contains { key.contains($0) }
    }

    private static func masked(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .integer, .number: return value
        case .string(let text): return .string(masked(text))
        case .array(let elements): return .array(elements.map(masked))
        case .object(let object):
            return .object(
                JSONObject(object.pairs.map { key, value in (key, isTelling(key) ? hidden(value) : masked(value)) })
            )
        }
    }

    /// What is left of a secret: whether there is one.
    private static func hidden(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool: value
        default: .string(mark)
        }
    }

    /// A text without Martlet's tokens and without user names and passwords in addresses.
    private static func masked(_ text: String) -> String {
        var result = cut(text, to: AuditLimits.textCharacters)
        if result.contains("mlt_") { result = withoutTokens(result) }
        if result.contains("://"), result.contains("@") { result = withoutUserInfo(result) }
        return printable(result, keepsLines: true)
    }

    private static func withoutTokens(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "mlt_") {
            let secret = rest[start.upperBound...].prefix {
                $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0))
            }
            // A token is 43 characters; what is much shorter is a word.
            let isToken = secret.count >= 20
            result += rest[..<start.lowerBound]
            result += isToken ? mark[...] : rest[start.lowerBound..<secret.endIndex]
            rest = rest[secret.endIndex...]
        }
        return result + rest
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

    private static func cut(_ text: String, to limit: Int) -> String {
        // Most texts are short; their bytes are counted faster than their characters.
        guard text.utf8.count > limit, text.unicodeScalars.count > limit else { return text }
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text.unicodeScalars.prefix(limit))
        return "\(String(scalars))… (\(text.unicodeScalars.count - limit) more)"
    }

    private static func printable(_ text: String, keepsLines: Bool = false) -> String {
        func isBad(_ scalar: Unicode.Scalar) -> Bool {
            if keepsLines, scalar == "\n" || scalar == "\t" || scalar == "\r" { return false }
            return scalar.value < 32 || scalar.value == 127
        }
        guard text.unicodeScalars.contains(where: isBad) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(isBad(scalar) ? "\u{FFFD}" : scalar) }
        return String(scalars)
    }
}

extension Sequence where Element == UInt8 {
    /// The bytes in lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
