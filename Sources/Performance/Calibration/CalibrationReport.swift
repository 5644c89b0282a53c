package import Core

/// How well probabilities agree with what came true.
package struct CalibrationReport: Sendable, Equatable {
    /// One bin of the reliability curve.
    package struct Bin: Sendable, Equatable {
        /// The bin's lower edge, outside it except in the first bin.
        package let lower: Double
        /// The bin's upper edge, which belongs to it.
        package let upper: Double
        /// How many rows fall into it.
        package let count: Int
        /// The mean probability of these rows.
        package let meanProbability: Double
        /// The share of them that came true.
        package let fractionPositive: Double
    }

    /// How many rows were judged.
    package let count: Int
    /// The bins that hold rows, in rising order.
    package let bins: [Bin]
    /// The mean distance between probability and truth over the bins, weighted by their rows: `ece`.
    package let expectedError: MetricValue
    /// The largest distance of a bin.
    package let maximumError: MetricValue
    /// The mean probability minus the share that came true: calibration in the large.
    package let bias: MetricValue
    /// The slope of a logistic regression of the truth on the log-odds; 1 when calibrated, below it when overconfident.
    package let slope: MetricValue
    /// The intercept of the same regression; 0 when calibrated.
    package let intercept: MetricValue
    /// The statistic of Hosmer and Lemeshow over groups of equal size.
    package let hosmerLemeshow: MetricValue
    /// The p-value of that statistic; nil without one.
    package let hosmerLemeshowPValue: Double?

    /// Judges probabilities from 0 to 1.
    ///
    /// - Parameters:
    ///   - probabilities: finite numbers from 0 to 1.
    ///   - isPositive: whether each came true; as many.
    ///   - bins: how many bins of equal width, and how many groups of equal size.
    package init(probabilities: [Double], isPositive: [Bool], bins: Int = 10) {
        let count = min(probabilities.count, isPositive.count)
        let width = min(max(bins, 2), PerformanceLimits.calibrationBins)
        self.count = count
        guard count > 0 else {
            let reason = "no row has a probability"
            self.bins = []
            (expectedError, maximumError) = (
                .init("ece", count: 0, because: reason), .init("mce", count: 0, because: reason)
            )
            bias = MetricValue("calibration_bias", count: 0, because: reason)
            slope = MetricValue("calibration_slope", count: 0, because: reason)
            intercept = MetricValue("calibration_intercept", count: 0, because: reason)
            hosmerLemeshow = MetricValue("hosmer_lemeshow", count: 0, because: reason)
            hosmerLemeshowPValue = nil
            return
        }
        let filled = Self.bins(probabilities, isPositive, width)
        self.bins = filled
        let distances = filled.map { abs($0.meanProbability - $0.fractionPositive) }
        let weighted = zip(filled, distances).map { Double($0.0.count) / Double(count) * $0.1 }
        expectedError = MetricValue("ece", Sums.sum(weighted), count: count)
        maximumError = MetricValue("mce", distances.max() ?? 0, count: count)
        let differences = zip(probabilities, isPositive).map { $0.0 - ($0.1 ? 1 : 0) }
        bias = MetricValue(
            "calibration_bias",
            Sums.mean(differences),
            standardError: Sums.standardError(differences),
            count: count
        )
        let line = LogisticRecalibration(probabilities: probabilities, isPositive: isPositive)
        (slope, intercept) = (line.slope, line.intercept)
        let groups = HosmerLemeshow(probabilities: probabilities, isPositive: isPositive, groups: width)
        hosmerLemeshow = groups.statistic
        hosmerLemeshowPValue = groups.pValue
    }

    /// Bins of equal width; a probability on an edge belongs below, as in scikit-learn's `calibration_curve`.
    private static func bins(_ probabilities: [Double], _ isPositive: [Bool], _ count: Int) -> [Bin] {
        let step = 1 / Double(count)
        let edges = (0...count).map { $0 == count ? 1 : Double($0) * step }
        var members = [[Int]](repeating: [], count: count)
        for row in probabilities.indices where row < isPositive.count {
            let guess = Int((probabilities[row] * Double(count)).rounded(.down))
            var bin = min(max(guess, 0), count - 1)
            while bin > 0, probabilities[row] <= edges[bin] { bin -= 1 }
            while bin < count - 1, probabilities[row] > edges[bin + 1] { bin += 1 }
            members[bin].append(row)
        }
        return members.enumerated().compactMap { index, rows in
            guard !rows.isEmpty else { return nil }
            return Bin(
                lower: edges[index],
                upper: edges[index + 1],
                count: rows.count,
                meanProbability: Sums.mean(rows.map { probabilities[$0] }),
                fractionPositive: Double(rows.count { isPositive[$0] }) / Double(rows.count)
            )
        }
    }

    /// The metrics and the reliability curve.
    package var json: JSONValue {
        var object: JSONObject = [
            "rows": .int(count),
            "metrics": [expectedError, maximumError, bias, slope, intercept, hosmerLemeshow].json,
            "bins": .array(
                bins.map {
                    [
                        "lower": .number($0.lower), "upper": .number($0.upper), "count": .int($0.count),
                        "mean_probability": .number($0.meanProbability),
                        "fraction_positive": .number($0.fractionPositive),
                    ]
                }
            ),
        ]
        if let hosmerLemeshowPValue { object["hosmer_lemeshow_p_value"] = .number(hosmerLemeshowPValue) }
        return .object(object)
    }
}
