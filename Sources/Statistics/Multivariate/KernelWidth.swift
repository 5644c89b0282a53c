import Core

/// The median rule for the width of a Gaussian kernel: σ² is half the median squared distance.
enum KernelWidth {
    /// From the distances among rows, packed as a triangle.
    ///
    /// - Throws: `failedPrecondition` when the median distance is 0.
    static func median(among distances: [Float], unit: Double) throws(MartletError) -> Double {
        // alibi-detect takes rank n + (n² - n)/2 - 1 of all n² distances: n zeros, then each pair twice.
        try width(RankSelection.value(atRank: (distances.count - 1) / 2, in: distances), unit: unit)
    }

    /// From the distances between the rows of two samples.
    ///
    /// - Throws: `failedPrecondition` when the median distance is 0.
    static func median(between distances: [Float], unit: Double) throws(MartletError) -> Double {
        try width(RankSelection.value(atRank: max(0, distances.count / 2 - 1), in: distances), unit: unit)
    }

    /// 1 / 2σ² in transformed units.
    static func gammas(of sigmas: [Double], unit: Double) -> [Float] {
        sigmas.map { sigma in
            let transformed = sigma / unit
            // Beyond a float the kernel is 1 or 0 everywhere; a finite value keeps 0 · gamma from being NaN.
            return min(Float(1 / (2 * transformed * transformed)), Float.greatestFiniteMagnitude)
        }
    }

    /// σ = √(d²/2) in the caller's units.
    private static func width(_ median: Float, unit: Double) throws(MartletError) -> Double {
        let sigma = (Double(median) / 2).squareRoot() * unit
        guard sigma > 0, sigma.isFinite else {
            throw MartletError(
                .failedPrecondition,
                "The median distance between rows is \(median): most rows are equal. Give the kernel a bandwidth."
            )
        }
        return sigma
    }
}
