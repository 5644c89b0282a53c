package import Core
package import HTTPSupport

/// What a declared proxy says of a request, read and checked.
package struct ForwardedFor: Sendable, Equatable {
    /// The client's address: the nearest that is no declared proxy; nil when none is said.
    package private(set) var address: PeerAddress?
    /// Whether every part of the way that is told of was TLS; nil when nothing is said of it.
    package private(set) var isSecure: Bool?
    /// The name and port that the client used; nil when none is said.
    package private(set) var authority: String?

    /// Reads the fields.
    ///
    /// A proxy that sets `X-Forwarded-…` but passes on a `Forwarded` that the client made up, or the other way round,
    /// would let the client say who it is; so both may come only if they say the same.
    ///
    /// - Throws: `invalidArgument` when the fields contradict each other or cannot be read.
    package init(_ fields: ForwardedFields, isProxy: (PeerAddress) -> Bool) throws(MartletError) {
        let usual = try Self(usual: fields, isProxy)
        guard let standard = fields.standard else {
            self = usual
            return
        }
        let other = try Self(standard: standard, isProxy)
        let hasUsual = fields.addresses != nil || fields.proto != nil || fields.host != nil
        guard !hasUsual || other == usual else {
            throw MartletError(
                .invalidArgument,
                "Forwarded and X-Forwarded-… contradict each other; the proxy must drop the one that it does not set."
            )
        }
        self = other
    }

    private init() {}

    private init(usual fields: ForwardedFields, _ isProxy: (PeerAddress) -> Bool) throws(MartletError) {
        self.init()
        if let list = fields.addresses {
            address = try Self.client(Self.items(list).map(Self.address), isProxy)
        }
        if let list = fields.proto { isSecure = try Self.isSecure(Self.items(list)) }
        authority = fields.host.flatMap { Self.items($0).last }
    }

    private init(standard: String, _ isProxy: (PeerAddress) -> Bool) throws(MartletError) {
        self.init()
        var addresses: [PeerAddress?] = []
        var schemes: [String] = []
        for element in try Self.elements(standard) {
            if let node = element["for"] { addresses.append(Self.address(node)) }
            if let scheme = element["proto"] { schemes.append(scheme) }
            if let host = element["host"] { authority = host }
        }
        if !addresses.isEmpty { address = try Self.client(addresses, isProxy) }
        if !schemes.isEmpty { isSecure = try Self.isSecure(schemes) }
    }

    /// The nearest address that is no proxy; the farthest when all are.
    private static func client(
        _ addresses: [PeerAddress?],
        _ isProxy: (PeerAddress) -> Bool
    ) throws(MartletError) -> PeerAddress {
        var farthest: PeerAddress?
        for address in addresses.reversed() {
            // What stands before something unreadable was not said by a proxy of ours.
            guard let address else { break }
            farthest = address
            if !isProxy(address) { break }
        }
        guard let farthest else {
            throw MartletError(.invalidArgument, "The proxy's address of the client is unreadable.")
        }
        return farthest
    }

    private static func isSecure(_ schemes: [String]) throws(MartletError) -> Bool {
        for scheme in schemes where scheme.lowercased() != "https" {
            guard scheme.lowercased() == "http" else {
                throw MartletError(.invalidArgument, "The proxy says a scheme that is neither http nor https.")
            }
            return false
        }
        return true
    }

    private static func items(_ list: String) -> [String] {
        list.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }.filter { !$0.isEmpty }
    }

    /// An address with or without a port, in brackets or not.
    private static func address(_ text: String) -> PeerAddress? {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return PeerAddress(text[text.index(after: text.startIndex)..<end])
        }
        if let address = PeerAddress(text) { return address }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        return PeerAddress(text[..<colon])
    }

    // MARK: RFC 7239

    /// The pairs of each element of `Forwarded`, by name in lower case.
    private static func elements(_ text: String) throws(MartletError) -> [[String: String]] {
        var elements: [[String: String]] = [[:]]
        var rest = Substring(text)
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            guard let first = rest.first else { return elements }
            if first == "," {
                elements.append([:])
                rest.removeFirst()
                continue
            }
            if first == ";" {
                rest.removeFirst()
                continue
            }
            guard let equals = rest.firstIndex(of: "=") else { throw broken }
            let name = rest[..<equals].lowercased()
            rest = rest[rest.index(after: equals)...]
            let value = try value(&rest)
            guard !name.isEmpty, elements[elements.count - 1].updateValue(value, forKey: name) == nil else {
                throw broken
            }
        }
    }

    /// A token, or a string in quotes.
    private static func value(_ rest: inout Substring) throws(MartletError) -> String {
        guard rest.first == "\"" else {
            let end = rest.firstIndex { $0 == ";" || $0 == "," || $0 == " " } ?? rest.endIndex
            defer { rest = rest[end...] }
            return String(rest[..<end])
        }
        rest.removeFirst()
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                guard let next = rest.popFirst() else { throw broken }
                value.append(next)
            default: value.append(character)
            }
        }
        throw broken
    }

    private static let broken = MartletError(.invalidArgument, "The field Forwarded is not as RFC 7239 has it.")
}
