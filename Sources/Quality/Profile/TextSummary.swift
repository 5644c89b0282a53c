/// The figures of the texts of a column.
package struct TextSummary: Sendable, Equatable {
    /// Characters (code points) of the shortest text.
    package let minimumLength: Int
    /// Characters of the longest text.
    package let maximumLength: Int
    /// The mean number of characters.
    package let meanLength: Double
    /// How many rows hold text that reads as a finite number.
    package let numeric: Int
    /// The first text that is no number; nil when all are numbers.
    package let firstOther: String?

    /// Summarises coded texts; nil when there are none.
    init?(_ codes: TextCodes) {
        guard !codes.categories.isEmpty else { return nil }
        var (shortest, longest, total, numeric, rows) = (Int.max, 0, 0.0, 0, 0)
        var other: String?
        for (category, count) in zip(codes.categories, codes.counts) {
            // Every byte of UTF-8 begins a code point, but for those that go on with one.
            let length = category.utf8.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
            shortest = min(shortest, length)
            longest = max(longest, length)
            total += Double(length) * Double(count)
            rows += count
            if Double(category)?.isFinite == true { numeric += count } else if other == nil { other = category }
        }
        (minimumLength, maximumLength, meanLength) = (shortest, longest, total / Double(rows))
        (self.numeric, firstOther) = (numeric, other)
    }
}
