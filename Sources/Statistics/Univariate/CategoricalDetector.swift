import Core

/// A test of counts over categories, with the reference counted once.
struct CategoricalDetector: UnivariateDetector {
    let method: UnivariateMethod
    let threshold: Double
    private let reference: CategoryTally

    init(method: UnivariateMethod, reference: UnivariateSample, threshold: Double) throws(MartletError) {
        self.method = method
        self.threshold = threshold
        self.reference = try CategoryTally(reference, for: method, side: "reference")
        try checkCategories(self.reference.keys.count)
    }

    func compare(_ current: UnivariateSample) throws(MartletError) -> UnivariateResult {
        guard current.isNumeric == reference.isNumeric else { throw current.wrongKind(for: method, side: "current") }
        let tally = try CategoryTally(current, for: method, side: "current")
        let pair = reference.paired(with: tally)
        try checkCategories(pair.keys.count)
        let outcome: TestOutcome
        switch method {
        case .chiSquaredOneWay: outcome = try ChiSquared.oneWay(reference: pair.reference, current: pair.current)
        case .chiSquaredContingency:
            outcome = try ChiSquared.contingency(reference: pair.reference, current: pair.current)
        case .likelihoodRatio:
            outcome = try ChiSquared.likelihoodRatio(reference: pair.reference, current: pair.current)
        case .fisherExact:
            let first = pair.first
            outcome = try FisherExact.test(
                (tally.count - first.current, first.current),
                (reference.count - first.reference, first.reference)
            )
        case .twoProportions:
            let first = pair.first
            outcome = try TwoProportions.test(
                reference: (reference.count - first.reference, reference.count),
                current: (tally.count - first.current, tally.count)
            )
        case .totalVariation: outcome = TotalVariation.test(reference, tally, pair)
        default: throw MartletError(.internal, "The method \(method.rawValue) is no test of counts.")
        }
        return try method.result(outcome, threshold: threshold)
    }

    private func checkCategories(_ count: Int) throws(MartletError) {
        guard method == .fisherExact, count > 2 else { return }
        throw MartletError(
            .invalidArgument,
            "Fisher's exact test compares two categories; the values have \(count). Use \(UnivariateMethod.chiSquaredContingency.rawValue)."
        )
    }
}
