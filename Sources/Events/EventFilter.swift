package import Core
import Storage

/// Which events a reader wants: by type and by subject; everything when nothing is said.
package struct EventFilter: Sendable, Equatable {
    /// One wish: a whole text, or how it begins.
    package struct Pattern: Sendable, Equatable {
        /// The text without its star.
        package let text: String
        /// Whether what begins with the text is meant, too.
        package let isPrefix: Bool
    }

    /// Types, of which one must fit; any when there is none.
    package let types: [Pattern]
    /// The subject; any when nil.
    package let subject: Pattern?

    /// Everything.
    package static let all = EventFilter(types: [], subject: nil)

    private init(types: [Pattern], subject: Pattern?) {
        self.types = types
        self.subject = subject
    }

    /// Reads what a request asks for.
    ///
    /// - Parameters:
    ///   - types: types joined by commas, each whole or ending in `.*`; nil for any.
    ///   - subject: a subject, whole or ending in `/*`; nil for any.
    /// - Throws: `invalidArgument` for too many, too long or empty ones, or a star in another place.
    package init(types: String?, subject: String?) throws(MartletError) {
        var patterns: [Pattern] = []
        for part in (types ?? "").split(separator: ",", omittingEmptySubsequences: types?.isEmpty ?? true) {
            patterns.append(
                try Self.pattern(
                    String(part.filter { $0 != " " }),
                    "types",
                    star: ".*",
                    limit: EventsLimits.typeCharacters
                )
            )
        }
        guard patterns.count <= EventsLimits.typePatterns else {
            throw MartletError(
                .invalidArgument,
                "'types' names \(patterns.count) types; at most \(EventsLimits.typePatterns) may be asked for at once."
            )
        }
        var wanted: Pattern?
        if let subject, !subject.isEmpty {
            wanted = try Self.pattern(subject, "subject", star: "/*", limit: EventsLimits.subjectCharacters)
        }
        self.init(types: patterns, subject: wanted)
    }

    private static func pattern(
        _ text: String,
        _ field: String,
        star: String,
        limit: Int
    ) throws(MartletError) -> Pattern {
        let isPrefix = text.hasSuffix(star)
        let kept = isPrefix ? String(text.dropLast()) : text
        guard !kept.isEmpty, kept.count <= limit, !kept.contains("*") else {
            throw MartletError(
                .invalidArgument,
                "'\(field)' has '\(text.prefix(80))'; write a whole one, or its beginning and '\(star)', at most "
                    + "\(limit) characters."
            )
        }
        return Pattern(text: kept, isPrefix: isPrefix)
    }

    /// Whether an event is wanted.
    package func matches(_ record: EventRecord) -> Bool {
        func fits(_ pattern: Pattern, _ text: String) -> Bool {
            pattern.isPrefix ? text.utf8.starts(with: pattern.text.utf8) : text == pattern.text
        }
        guard subject.map({ fits($0, record.subject) }) ?? true else { return false }
        return types.isEmpty || types.contains { fits($0, record.type) }
    }

    /// The condition in SQL, and what stands for its question marks.
    var condition: (sql: String, arguments: [SQLValue]) {
        var arguments: [SQLValue] = []
        func fits(_ pattern: Pattern, _ column: String) -> String {
            arguments.append(.text(pattern.text))
            // Counted in characters, as both databases count them.
            let count = pattern.text.unicodeScalars.count
            return pattern.isPrefix ? "substr(\(column), 1, \(count)) = ?" : "\(column) = ?"
        }
        var parts: [String] = []
        if !types.isEmpty { parts.append("(" + types.map { fits($0, "type") }.joined(separator: " OR ") + ")") }
        if let subject { parts.append(fits(subject, "subject")) }
        return (parts.isEmpty ? "1 = 1" : parts.joined(separator: " AND "), arguments)
    }
}
