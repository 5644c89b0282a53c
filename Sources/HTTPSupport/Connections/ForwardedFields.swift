/// What a request's head says of the way it took, as it stands there; only a declared proxy may be believed.
package struct ForwardedFields: Sendable, Equatable {
    /// `X-Forwarded-For`: the addresses of the client and of the proxies, the nearest last.
    package var addresses: String?
    /// `X-Forwarded-Proto`: `http` or `https`.
    package var proto: String?
    /// `X-Forwarded-Host`: the name that the client used.
    package var host: String?
    /// `Forwarded` (RFC 7239), which says the same in one field.
    package var standard: String?

    /// Nothing said.
    package init() {}

    /// Whether nothing is said.
    package var isEmpty: Bool { addresses == nil && proto == nil && host == nil && standard == nil }

    /// Takes a field in, by its name in lower case; several of one name are one list.
    package mutating func note(_ name: String, _ value: String) {
        switch name {
        case "x-forwarded-for": Self.append(value, to: &addresses)
        case "x-forwarded-proto": Self.append(value, to: &proto)
        case "x-forwarded-host": Self.append(value, to: &host)
        case "forwarded": Self.append(value, to: &standard)
        default: break
        }
    }

    private static func append(_ value: String, to list: inout String?) {
        list = list.map { "\($0),\(value)" } ?? value
    }
}
