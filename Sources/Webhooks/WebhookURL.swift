import Core

/// The address of a webhook, taken apart strictly, so that every part of the program reads the same host in it.
struct WebhookURL: Equatable {
    /// `https`, or `http` where that is allowed.
    let scheme: String
    /// The host without brackets, in lower case.
    let host: String
    /// Whether the host is an IPv6 address, which stands in brackets.
    let isIPv6Literal: Bool
    /// The port, given or the scheme's own.
    let port: Int
    /// The path with its query; at least `/`.
    let path: String

    /// Reads an address.
    ///
    /// - Throws: `invalidArgument` with MLflow's texts.
    init(_ text: String, policy: WebhookPolicy) throws(MartletError) {
        guard !text.allSatisfy(\.isWhitespace) else {
            throw MartletError(.invalidArgument, "Webhook URL cannot be empty or just whitespace: '\(text.prefix(40))'")
        }
        guard text.count <= WebhooksLimits.urlCharacters else {
            throw Self.invalid(text, "it has more than \(WebhooksLimits.urlCharacters) characters")
        }
        guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), !text.contains(where: { "\\\"<>^`{|}".contains($0) })
        else {
            throw Self.invalid(text, "it has a character that must be percent-encoded")
        }
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard policy.schemes.contains(scheme), text.contains(":") else {
            throw MartletError(
                .invalidArgument,
                "Invalid webhook URL scheme: '\(text.contains(":") ? scheme : "")'. Allowed schemes are: "
                    + "\(policy.schemes.joined(separator: ", "))."
            )
        }
        let rest = text.dropFirst(scheme.count + 1)
        let authority = rest.hasPrefix("//") ? rest.dropFirst(2).prefix { !"/?#".contains($0) } : ""
        guard !authority.isEmpty, !authority.hasPrefix(":") else {
            throw MartletError(.invalidArgument, "Webhook URL must include a hostname: '\(text.prefix(200))'")
        }
        guard !authority.contains("@") else {
            throw Self.invalid(text, "it must not carry a user name or a password")
        }
        self.scheme = scheme
        (host, isIPv6Literal, port) = try Self.target(authority, scheme: scheme, in: text)
        let tail = rest.dropFirst(2 + authority.count).prefix { $0 != "#" }
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
    }

    /// The address as it is asked for, put together from the parts.
    var text: String {
        "\(scheme)://\(isIPv6Literal ? "[\(host)]" : host):\(port)\(path)"
    }

    private static func target(
        _ authority: Substring,
        scheme: String,
        in text: String
    ) throws(MartletError) -> (host: String, isIPv6Literal: Bool, port: Int) {
        let host: Substring
        let tail: Substring
        let isLiteral = authority.hasPrefix("[")
        if isLiteral {
            guard let end = authority.firstIndex(of: "]") else { throw invalid(text, "a ']' is missing") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            tail = authority[authority.index(after: end)...]
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || ":.".contains($0) }) else {
                throw invalid(text, "what stands in brackets must be an IPv6 address")
            }
        } else {
            host = authority.prefix { $0 != ":" }
            tail = authority.dropFirst(host.count)
            let isName = host.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) }
            guard isName, host.count <= 253, !host.hasPrefix(".") else { throw invalid(text, "the host is no name") }
        }
        guard !tail.isEmpty, tail != ":" else { return (host.lowercased(), isLiteral, scheme == "http" ? 80 : 443) }
        guard tail.hasPrefix(":"), let port = Int(tail.dropFirst()), (1...65_535).contains(port) else {
            throw invalid(text, "the port must be between 1 and 65535")
        }
        return (host.lowercased(), isLiteral, port)
    }

    private static func invalid(_ text: String, _ reason: String) -> MartletError {
        MartletError(.invalidArgument, "Invalid webhook URL '\(text.prefix(200))': \(reason).")
    }
}

/// Where webhooks may lie.
package struct WebhookPolicy: Sendable, Equatable {
    /// The schemes that are accepted, in lower case.
    package var schemes: [String]
    /// Whether addresses are accepted that are not of the public internet: loopback, private networks and the like.
    package var allowsPrivateAddresses: Bool

    /// HTTPS to public addresses, unless something else is said.
    package init(schemes: [String] = ["https"], allowsPrivateAddresses: Bool = false) {
        self.schemes = schemes.map { $0.lowercased() }
        self.allowsPrivateAddresses = allowsPrivateAddresses
    }
}
