import Transforms

/// Days as sources write them.
enum SourceDate {
    /// The number of the day that `2026-11-22` names, 0 = 1970-01-01; nil when it names none.
    static func day(_ text: String) -> Int64? { ExpressionDate.day(text) }
}
