/// Rows by the value that they have in one column: the largest segments by name, the rest taken together.
package struct Segments: Sendable, Equatable {
    /// One segment.
    package struct Segment: Sendable, Equatable {
        /// The value; nil for the rows of all smaller segments.
        package let value: String?
        /// The rows, in order.
        package let rows: [Int]
    }

    /// The segments, the largest first, equal ones by value; the rest last.
    package let all: [Segment]

    /// What rows without a value are called.
    package static let missing = "missing"

    /// Groups rows by text.
    ///
    /// - Parameters:
    ///   - values: the value of each row, nil where missing.
    ///   - limit: how many segments are kept by name.
    package init(_ values: [String?], limit: Int = PerformanceLimits.segments) {
        let groups = Dictionary(grouping: values.indices) { values[$0] ?? Self.missing }
        let order = groups.sorted { left, right in
            left.value.count != right.value.count ? left.value.count > right.value.count : left.key < right.key
        }
        let kept = order.count > limit ? order.prefix(max(0, limit - 1)) : order[...]
        let rest = order.dropFirst(kept.count).flatMap(\.value).sorted()
        all =
            kept.map { Segment(value: $0.key, rows: $0.value) }
            + (rest.isEmpty ? [] : [Segment(value: nil, rows: rest)])
    }

    /// Groups numbers: by value when there are few different ones, else by quarters of the values.
    ///
    /// - Parameters:
    ///   - numbers: the value of each row; NaN is missing.
    ///   - distinct: up to how many different values each is a segment.
    package init(_ numbers: [Double], distinct: Int = 10) {
        let finite = numbers.filter(\.isFinite)
        guard Set(finite).count > distinct else {
            self.init(numbers.map { $0.isFinite ? Self.text($0) : nil })
            return
        }
        let ordered = finite.sorted()
        let cuts = [1, 2, 3].map { ordered[min(ordered.count - 1, $0 * ordered.count / 4)] }
        let names = [
            "< \(Self.text(cuts[0]))", "\(Self.text(cuts[0])) … \(Self.text(cuts[1]))",
            "\(Self.text(cuts[1])) … \(Self.text(cuts[2]))", "≥ \(Self.text(cuts[2]))",
        ]
        self.init(
            numbers.map { number -> String? in
                guard number.isFinite else { return nil }
                return names[cuts.count { number >= $0 }]
            }
        )
    }

    /// A whole number without a fraction, else the shortest decimal of the 32-bit number.
    static func text(_ number: Double) -> String {
        if let whole = Int(exactly: number) { return String(whole) }
        let short = Float(number)
        return Double(short) == number || short.isFinite ? short.description : number.description
    }

    /// The name of a segment as reports show it.
    package static func name(_ segment: Segment) -> String { segment.value ?? "other" }
}

extension ClassificationRows {
    /// The performance of each segment.
    ///
    /// - Parameter segments: rows by position among these rows.
    /// - Returns: name and performance, the largest segment first.
    package func performance(by segments: Segments) -> [(name: String, performance: ClassificationPerformance)] {
        segments.all.map { (Segments.name($0), ClassificationPerformance(selecting($0.rows))) }
    }
}
