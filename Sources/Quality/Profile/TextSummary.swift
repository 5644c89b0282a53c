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
            let length = category.unicodeScalars.count
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

/// A text column as numbers: each row's category by its place of first appearance.
struct TextCodes: Sendable {
    /// The category of each row; −1 where the text is missing.
    let codes: [Int32]
    /// The different texts in order of appearance.
    let categories: [String]
    /// How many rows have each.
    let counts: [Int]

    init(_ texts: [String?]) {
        var codes: [Int32] = []
        codes.reserveCapacity(texts.count)
        var known: [String: Int32] = [:]
        var (categories, counts): ([String], [Int]) = ([], [])
        for text in texts {
            guard let text else {
                codes.append(-1)
                continue
            }
            if let code = known[text] {
                counts[Int(code)] += 1
                codes.append(code)
            } else {
                let code = Int32(categories.count)
                known[text] = code
                categories.append(text)
                counts.append(1)
                codes.append(code)
            }
        }
        (self.codes, self.categories, self.counts) = (codes, categories, counts)
    }
}
