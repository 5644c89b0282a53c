package import Core
internal import Foundation

/// Where a PostgreSQL database is: its URL, and what may be shown of it.
package struct PostgresAddress: Sendable {
    /// The URL as given; it may hold a password and is never shown.
    let url: String
    /// Host, port and database, without credentials.
    package let display: String
    /// Whether the URL names several hosts.
    let hasSeveralHosts: Bool
    private let secrets: [String]
    /// The schema to work in, made when it is missing; nil for the one that the user's search path names.
    let schema: String?

    /// Takes `postgres://[user[:password]@][host][:port][/database][?parameter=value…]` or `postgresql://…`.
    ///
    /// - Parameters:
    ///   - url: the URL.
    ///   - schema: the schema to work in; at most 63 bytes, without quotation marks.
    /// - Throws: `invalidArgument` that does not repeat the URL.
    package init(_ url: String, schema: String? = nil) throws(MartletError) {
        guard let scheme = Self.schemes.first(where: { url.hasPrefix($0) }) else {
            throw Self.malformed("it must start with postgres:// or postgresql://")
        }
        guard !url.utf8.contains(0) else { throw Self.malformed("it has a NUL character") }
        let rest = url.dropFirst(scheme.count)
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let place = parts[0]
        // A password may contain "/" only in its encoded form, as in every URL.
        let authority = place.prefix { $0 != "/" }
        let database = place.dropFirst(authority.count).dropFirst()
        let hosts = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        var secrets: [String] = []
        if authority.contains("@") {
            let user = authority.dropLast(hosts.count + 1)
            if let colon = user.firstIndex(of: ":") { secrets.append(String(user[user.index(after: colon)...])) }
        }
        for parameter in parts.dropFirst().joined().split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { throw Self.malformed("a parameter after '?' has no '='") }
            if ["password", "sslpassword"].contains(pair[0].lowercased()) { secrets.append(String(pair[1])) }
        }
        if let schema, schema.isEmpty || schema.utf8.count > 63 || schema.utf8.contains(0x22) {
            throw MartletError(.invalidArgument, "The schema '\(schema)' is no name of a PostgreSQL schema.")
        }
        self.schema = schema
        self.url = url
        hasSeveralHosts = hosts.contains(",")
        let name = database.isEmpty ? "" : "/\(database)"
        display = "postgres://\(hosts)\(name)"
        self.secrets = Array(Set(secrets + secrets.compactMap(\.removingPercentEncoding))).filter { !$0.isEmpty }
            .sorted { $0.count > $1.count }
    }

    private static let schemes = ["postgres://", "postgresql://"]

    /// Whether a setting names a PostgreSQL database.
    static func isOne(_ text: String) -> Bool {
        schemes.contains { text.hasPrefix($0) }
    }

    private static func malformed(_ reason: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "The database's URL is malformed: \(reason); write postgres://USER:PASSWORD@HOST:PORT/DATABASE."
        )
    }

    /// A message of the library without the passwords, on one line.
    package func withoutSecrets(_ message: String) -> String {
        let line = message.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .joined(separator: "; ")
        return ([url] + secrets).reduce(line) { $0.replacingOccurrences(of: $1, with: "***") }
    }

    /// The library's keywords with their values: our defaults, the URL, and what the URL may not change.
    var parameters: [(keyword: String, value: String)] {
        let keepalive = StorageLimits.keepaliveSeconds
        return [
            ("fallback_application_name", "martlet"), ("keepalives_idle", "\(keepalive)"),
            ("keepalives_interval", "\(keepalive / 3)"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "\(keepalive * 1000)"),
            // Counts only for several hosts, which the library tries one after the other; 2 is its minimum.
            ("connect_timeout", "2"), ("dbname", url), ("client_encoding", "UTF8"),
        ]
    }
}
