package import Core

/// Fisher's exact test of a table of two by two, as SciPy's `fisher_exact`.
package enum FisherExact {
    /// Which association counts.
    package enum Alternative: String, Sendable, CaseIterable {
        /// The odds differ.
        case twoSided = "two-sided"
        /// The first row's odds are smaller.
        case less
        /// The first row's odds are larger.
        case greater
    }

    /// Tests a table by its rows.
    ///
    /// - Parameters:
    ///   - first: The two counts of the first row.
    ///   - second: The two counts of the second row.
    ///   - alternative: Which association counts.
    /// - Returns: The sample's odds ratio, infinite where a count is 0, and the p-value; an empty row or column gives 1.
    /// - Throws: `invalidArgument` for a negative count, `payloadTooLarge` past `StatisticsLimits`.
    package static func test(
        _ first: (Int, Int),
        _ second: (Int, Int),
        alternative: Alternative = .twoSided
    ) throws(MartletError) -> TestOutcome {
        let cells = [first.0, first.1, second.0, second.1]
        guard cells.allSatisfy({ $0 >= 0 }) else {
            throw MartletError(.invalidArgument, "The counts of a Fisher test must not be negative; they are \(cells).")
        }
        guard cells.allSatisfy({ $0 <= StatisticsLimits.columnValues }) else {
            throw MartletError(
                .payloadTooLarge,
                "A count of a Fisher test is over the limit of \(StatisticsLimits.columnValues)."
            )
        }
        let (row, column) = (first.0 + first.1, first.0 + second.0)
        let total = row + second.0 + second.1
        guard row > 0, column > 0, row < total, column < total,
            let distribution = HypergeometricDistribution(total: total, marked: row, draws: column)
        else { return TestOutcome(statistic: 1, pValue: 1) }
        let odds =
            first.1 > 0 && second.0 > 0
            ? Double(first.0) * Double(second.1) / (Double(first.1) * Double(second.0)) : .infinity
        let pValue =
            switch alternative {
            case .less: distribution.cumulative(first.0)
            case .greater: distribution.survival(from: first.0)
            case .twoSided: distribution.noLikelier(than: first.0)
            }
        return TestOutcome(statistic: odds, pValue: min(pValue, 1))
    }
}
