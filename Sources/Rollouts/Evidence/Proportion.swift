/// A count of successes (or failures) out of a total.
package struct Proportion: Sendable, Equatable {
    /// How many of the total had the property.
    package var count: Int
    /// How many were looked at.
    package var total: Int

    /// Makes a proportion; `count` is held within `0...total`.
    package init(_ count: Int = 0, of total: Int = 0) {
        self.total = max(0, total)
        self.count = min(max(0, count), self.total)
    }

    /// The observed rate; 0 when nothing was looked at.
    package var rate: Double { total == 0 ? 0 : Double(count) / Double(total) }
}
