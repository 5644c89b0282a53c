package import Core

/// The finite numbers of one column in ascending order.
package struct SortedSample: Sendable, Equatable {
    /// The values, ascending; at least one.
    package let values: [Double]
    /// Whether the column holds whole numbers by type.
    package let areIntegers: Bool

    /// How many values there are.
    package var count: Int { values.count }

    /// Sorts the numbers of a sample once they are known to be finite, at least one and within the limit.
    ///
    /// - Parameters:
    ///   - sample: The numbers.
    ///   - method: The method they are for, which messages name.
    ///   - side: `reference` or `current`, which messages name.
    /// - Throws: `invalidArgument` for text, NaN or infinity, `failedPrecondition` for none, `payloadTooLarge` for too many.
    package init(_ sample: UnivariateSample, for method: UnivariateMethod, side: String) throws(MartletError) {
        values = OrderedDoubles.sorted(try sample.finiteNumbers(for: method, side: side))
        guard case .numbers(_, let areIntegers) = sample else { throw sample.wrongKind(for: method, side: side) }
        self.areIntegers = areIntegers
    }

    /// The value in the middle: near it the differences of values keep their digits, however large a common offset is.
    var centre: Double { values[count / 2] }

    /// The arithmetic mean of the differences from a value.
    func mean(around centre: Double) -> Double {
        CompensatedSum.of(values.lazy.map { $0 - centre }) / Double(count)
    }

    /// The sum of squared deviations from the mean.
    var squaredDeviations: Double {
        let centre = self.centre
        let mean = mean(around: centre)
        return CompensatedSum.of(values.lazy.map { ($0 - centre - mean) * ($0 - centre - mean) })
    }

    /// How many different values there are, counted no further than one past `limit`.
    func distinctCount(upTo limit: Int) -> Int {
        var distinct = 1
        for index in values.indices.dropFirst() where values[index] != values[index - 1] {
            distinct += 1
            if distinct > limit { break }
        }
        return distinct
    }

    /// How many values lie below a bound.
    func count(below bound: Double) -> Int { values.partitionPoint { $0 < bound } }

    /// How many values lie at or below a bound.
    func count(through bound: Double) -> Int { values.partitionPoint { $0 <= bound } }
}

extension [Double] {
    /// The number of leading elements for which a condition holds, in an array that has all of those first.
    func partitionPoint(_ holds: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Sums that carry their rounding error along (Neumaier 1974).
enum CompensatedSum {
    /// The sum of the numbers.
    static func of(_ numbers: some Sequence<Double>) -> Double {
        var (sum, rest) = (0.0, 0.0)
        for number in numbers {
            let next = sum + number
            rest += abs(sum) >= abs(number) ? (sum - next) + number : (number - next) + sum
            sum = next
        }
        return sum + rest
    }
}
