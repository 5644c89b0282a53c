/// Exact one-sided tests of whether something happens more often in the current rows than chance explains.
enum RiseTest {
    /// The probability of at least `current` of the hits in the current rows when both sides are alike (Fisher, one-sided).
    ///
    /// - Parameters:
    ///   - reference: Hits among the rows of the reference.
    ///   - current: Hits among the current rows.
    /// - Returns: The p-value, 0 to 1; 1 without rows on a side.
    static func pValue(reference: (hits: Int, rows: Int), current: (hits: Int, rows: Int)) -> Double {
        guard reference.rows > 0, current.rows > 0, current.hits > 0 else { return 1 }
        let drawn = Double(current.rows)
        let hits = Double(reference.hits + current.hits)
        let total = Double(reference.rows) + drawn
        let least = max(0, drawn + hits - total)
        let most = min(drawn, hits)
        let observed = Double(current.hits)
        // Weights of the hypergeometric distribution relative to its mode, outwards until they no longer count.
        let mode = min(max(((drawn + 1) * (hits + 1) / (total + 2)).rounded(.down), least), most)
        var sum = 0.0
        var tail = 0.0
        var weight = 1.0
        var count = mode
        while count <= most, weight > 0 {
            sum += weight
            if count >= observed { tail += weight }
            weight *= (hits - count) / (count + 1) * ((drawn - count) / (total - hits - drawn + count + 1))
            count += 1
        }
        weight = 1
        count = mode
        while count > least, weight > 1e-30 {
            weight *= count / (hits - count + 1) * ((total - hits - drawn + count) / (drawn - count + 1))
            count -= 1
            sum += weight
            if count >= observed { tail += weight }
        }
        return min(1, tail / sum)
    }

    /// The probability that the largest (or smallest) `beyond` values of both sides together are all current ones.
    ///
    /// It holds for any continuous distribution, because then every order of the rows is equally likely.
    ///
    /// - Parameters:
    ///   - beyond: Current values past the reference's extreme.
    ///   - referenceRows: Values of the reference.
    ///   - currentRows: Current values.
    /// - Returns: The p-value, 0 to 1.
    static func extremes(beyond: Int, referenceRows: Int, currentRows: Int) -> Double {
        var probability = 1.0
        for position in 0..<min(beyond, currentRows) {
            probability *= Double(currentRows - position) / Double(referenceRows + currentRows - position)
            guard probability > 1e-300 else { return 0 }
        }
        return probability
    }
}
