package import Core
import Foundation

/// An `http` or `https` address, taken apart strictly, so that every part of the program reads the same host in it.
package struct EgressURL: Sendable, Hashable {
    /// What is wrong with a text that is to be an address.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case isEmpty
        case isTooLong
        case hasCharacter
        case hasScheme(String)
        case hasNoHost
        case hasUser
        case hasBadHost
        case hasBadLiteral
        case hasBadPort

        /// The reason, as the end of a sentence.
        package var description: String {
            switch self {
            case .isEmpty: "it is empty"
            case .isTooLong: "it has more than \(EgressLimits.urlCharacters) characters"
            case .hasCharacter: "it has a character that must be percent-encoded"
            case .hasScheme: "it must begin with https:// or http://"
            case .hasNoHost: "it names no host"
            case .hasUser: "it must not carry a user name or a password"
            case .hasBadHost: "the host is no name"
            case .hasBadLiteral: "what stands in brackets must be an IPv6 address"
            case .hasBadPort: "the port must be between 1 and 65535"
            }
        }
    }

    /// `https` or `http`.
    package let scheme: String
    /// The host without brackets, in lower case.
    package let host: String
    /// Whether the host is an IPv6 address, which stands in brackets.
    package let isIPv6Literal: Bool
    /// The port, given or the scheme's own.
    package let port: Int
    /// The path with its query; at least `/`.
    package let path: String

    /// Reads an address.
    package init(_ text: String) throws(Problem) {
        guard !text.allSatisfy(\.isWhitespace) else { throw .isEmpty }
        guard text.utf8.count <= EgressLimits.urlCharacters else { throw .isTooLong }
        guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), !text.contains(where: { "\\\"<>^`{|}".contains($0) })
        else { throw .hasCharacter }
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard text.contains(":") else { throw .hasScheme("") }
        guard scheme == "https" || scheme == "http" else { throw .hasScheme(scheme) }
        let rest = text.dropFirst(scheme.count + 1)
        let authority = rest.hasPrefix("//") ? rest.dropFirst(2).prefix { !"/?#".contains($0) } : ""
        guard !authority.isEmpty, !authority.hasPrefix(":") else { throw .hasNoHost }
        guard !authority.contains("@") else { throw .hasUser }
        self.scheme = scheme
        (host, isIPv6Literal, port) = try Self.target(authority, scheme: scheme)
        let tail = rest.dropFirst(2 + authority.count).prefix { $0 != "#" }
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
        // The library that connects reads the text once more; it must find the same host.
        let read = URL(string: self.text)?.host()?.lowercased()
        guard read?.trimmingCharacters(in: CharacterSet(charactersIn: "[]")) == host else { throw .hasBadHost }
    }

    private static func target(
        _ authority: Substring,
        scheme: String
    ) throws(Problem) -> (host: String, isIPv6Literal: Bool, port: Int) {
        let host: Substring
        let tail: Substring
        let isLiteral = authority.hasPrefix("[")
        if isLiteral {
            guard let end = authority.firstIndex(of: "]") else { throw .hasBadLiteral }
            host = authority[authority.index(after: authority.startIndex)..<end]
            tail = authority[authority.index(after: end)...]
            guard IPAddress(host)?.isVersion4 == false else { throw .hasBadLiteral }
        } else {
            host = authority.prefix { $0 != ":" }
            tail = authority.dropFirst(host.count)
            let isName = host.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) }
            guard isName, host.count <= 253, !host.hasPrefix(".") else { throw .hasBadHost }
        }
        guard !tail.isEmpty, tail != ":" else { return (host.lowercased(), isLiteral, scheme == "http" ? 80 : 443) }
        let digits = tail.dropFirst()
        guard tail.hasPrefix(":"), digits.allSatisfy(\.isNumber), let port = Int(digits), (1...65_535).contains(port)
        else { throw .hasBadPort }
        return (host.lowercased(), isLiteral, port)
    }

    /// The address as it is asked for, put together from the parts.
    package var text: String { "\(scheme)://\(hostText):\(port)\(path)" }

    /// Scheme, host and port: what redirects must not leave.
    package var origin: String {
        let standard = scheme == "https" ? 443 : 80
        return "\(scheme)://\(hostText)\(port == standard ? "" : ":\(port)")"
    }

    private var hostText: String { isIPv6Literal ? "[\(host)]" : host }

    /// The address that a redirect from here names: absolute, or a path of the same origin; nil when it is none.
    func following(_ location: String) -> EgressURL? {
        if location.hasPrefix("//") { return try? EgressURL(scheme + ":" + location) }
        if location.hasPrefix("/") { return try? EgressURL(origin + location) }
        if let colon = location.firstIndex(of: ":"), !location[..<colon].contains(where: { "/?#".contains($0) }) {
            return try? EgressURL(location)
        }
        let base = path.prefix { $0 != "?" }
        let folder = base[...(base.lastIndex(of: "/") ?? base.startIndex)]
        return try? EgressURL(origin + folder + location)
    }
}

extension EgressURL {
    /// Reads an address and says in words what is wrong with it.
    ///
    /// - Throws: `invalidArgument`; `what` begins the sentence, such as `The webhook's address`.
    package static func parse(_ text: String, what: String) throws(MartletError) -> EgressURL {
        do {
            return try EgressURL(text)
        } catch {
            throw MartletError(.invalidArgument, "\(what) '\(text.prefix(200))' cannot be used: \(error).")
        }
    }
}
