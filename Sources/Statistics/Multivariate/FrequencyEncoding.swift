/// Categories as numbers: the share of the reference rows that have them, as NannyML encodes them for its reconstruction.
package struct FrequencyEncoding: Sendable, Equatable {
    /// The share of each category of the reference.
    package let shares: [String: Double]
    private let missing: Double

    /// Counts the categories of the reference; a missing one counts as the most frequent one.
    ///
    /// - Parameter reference: One category per row, nil where it is missing.
    package init(reference: [String?]) {
        var counts: [String: Int] = [:]
        for category in reference.compactMap(\.self) { counts[category, default: 0] += 1 }
        // The first in alphabetical order of equally frequent ones.
        let most = counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
        if let most { counts[most, default: 0] += reference.count { $0 == nil } }
        let rows = Double(max(reference.count, 1))
        shares = counts.mapValues { Double($0) / rows }
        missing = most.flatMap { counts[$0] }.map { Double($0) / rows } ?? 0
    }

    /// The number of each row; 0 for a category that the reference does not have.
    ///
    /// - Parameter categories: One category per row, nil where it is missing.
    /// - Returns: One share per row.
    package func encode(_ categories: [String?]) -> [Double] {
        categories.map { category in
            guard let category else { return missing }
            return shares[category] ?? 0
        }
    }
}
