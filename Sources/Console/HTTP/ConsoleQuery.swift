import Core
import HTTPSupport
import Hummingbird

/// The query of a page's address, decoded once, every value bounded.
struct ConsoleQuery: Sendable {
    private let values: [String: String]

    /// Reads the query.
    ///
    /// - Throws: `invalidArgument` for a broken escape or a value past `ConsoleLimits.queryCharacters`.
    init(_ request: Request) throws(MartletError) {
        var values: [String: String] = [:]
        for (name, value) in try request.decodedQuery() {
            guard value.count <= ConsoleLimits.queryCharacters else {
                throw MartletError(
                    .invalidArgument,
                    "'\(name.prefix(40))' in the address is longer than \(ConsoleLimits.queryCharacters) characters."
                )
            }
            values[name] = value
        }
        self.values = values
    }

    /// A query with known values.
    init(_ values: [String: String] = [:]) {
        self.values = values
    }

    /// The value of `name`; nil when absent or empty.
    subscript(_ name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }
}
