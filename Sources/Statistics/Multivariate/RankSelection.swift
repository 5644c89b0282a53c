/// Selection by rank among non-negative floats.
package enum RankSelection {
    private static let digits = 1 << 15

    /// The value at a zero-based rank in ascending order; `values` are finite or infinite, not negative, not NaN.
    ///
    /// Non-negative floats order as their bit patterns do: a histogram of the upper halves finds the few values among which
    /// the rank is, and sorting those finds it.
    package static func value(atRank rank: Int, in values: [Float]) -> Float {
        guard values.count > 4_096 else { return values.sorted()[rank] }
        let parts = values.count > 100_000 ? 4 : 1
        let length = (values.count + parts - 1) / parts
        var counts = [UInt32](repeating: 0, count: parts * digits)
        var candidates = [[UInt32]](repeating: [], count: parts)
        var remaining = rank
        var prefix = digits - 1
        values.withUnsafeBufferPointer { values in
            counts.withUnsafeMutableBufferPointer { counts in
                ParallelLoop.perform(parts, worthwhile: parts > 1) { part in
                    let own = part * digits
                    for index in min(part * length, values.count)..<min((part + 1) * length, values.count) {
                        counts[own + Int(values[index].bitPattern >> 16) & (digits - 1)] &+= 1
                    }
                }
                for digit in 0..<digits {
                    let inDigit = (0..<parts).reduce(0) { $0 + Int(counts[$1 * digits + digit]) }
                    if remaining < inDigit {
                        prefix = digit
                        break
                    }
                    remaining -= inDigit
                }
            }
            candidates.withUnsafeMutableBufferPointer { candidates in
                ParallelLoop.perform(parts, worthwhile: parts > 1) { part in
                    var found: [UInt32] = []
                    for index in min(part * length, values.count)..<min((part + 1) * length, values.count) {
                        let bits = values[index].bitPattern
                        if Int(bits >> 16) == prefix { found.append(bits) }
                    }
                    candidates[part] = found
                }
            }
        }
        let sorted = candidates.flatMap(\.self).sorted()
        return remaining < sorted.count ? Float(bitPattern: sorted[remaining]) : values.max() ?? 0
    }
}
