/// Count, mean and spread of numbers, updated one by one (Welford 1962); numbers that are not finite are only counted.
package struct Moments: Sendable, Equatable {
    /// How many finite numbers came.
    package var count = 0
    /// Their mean.
    package var mean = 0.0
    /// Sum of squared distances from the mean.
    package var squares = 0.0
    /// How many values were NaN or infinite.
    package var unusable = 0

    /// Makes empty moments.
    package init() {}

    /// Adds one number.
    package mutating func add(_ value: Double) {
        guard value.isFinite else {
            unusable += 1
            return
        }
        count += 1
        let step = value - mean
        mean += step / Double(count)
        squares += step * (value - mean)
    }

    /// Joins two sets (Chan, Golub and LeVeque 1979).
    package static func + (left: Moments, right: Moments) -> Moments {
        var sum = left
        sum.unusable += right.unusable
        guard right.count > 0 else { return sum }
        guard left.count > 0 else {
            sum.count = right.count
            sum.mean = right.mean
            sum.squares = right.squares
            return sum
        }
        let total = Double(left.count + right.count)
        let step = right.mean - left.mean
        sum.count = left.count + right.count
        sum.mean = left.mean + step * Double(right.count) / total
        sum.squares = left.squares + right.squares + step * step * Double(left.count) * Double(right.count) / total
        return sum
    }

    /// The unbiased variance; nil below two numbers.
    package var variance: Double? { count > 1 ? squares / Double(count - 1) : nil }
}

/// Moments of two numbers about the same rows, such as both versions' errors.
package struct PairedMoments: Sendable, Equatable {
    /// The stable version's numbers.
    package var stable = Moments()
    /// The candidate's numbers.
    package var candidate = Moments()
    /// Sum of the products of their distances from their means.
    package var products = 0.0

    /// Makes empty moments.
    package init() {}

    /// Adds one row; one with a number that is not finite is only counted, on the side that it came from.
    package mutating func add(stable left: Double, candidate right: Double) {
        guard left.isFinite, right.isFinite else {
            if !left.isFinite { stable.unusable += 1 }
            if !right.isFinite { candidate.unusable += 1 }
            return
        }
        let before = left - stable.mean
        stable.add(left)
        candidate.add(right)
        products += before * (right - candidate.mean)
    }

    /// Moments of `candidate - factor × stable`, row by row.
    package func excess(over factor: Double) -> Moments {
        var difference = Moments()
        difference.count = candidate.count
        difference.mean = candidate.mean - factor * stable.mean
        difference.squares = max(0, candidate.squares - 2 * factor * products + factor * factor * stable.squares)
        difference.unusable = candidate.unusable
        return difference
    }
}
