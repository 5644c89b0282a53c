import Core

/// Kolmogorov–Smirnov with the reference sorted once.
struct PreparedKolmogorovSmirnov: UnivariateDetector {
    let method: UnivariateMethod
    let threshold: Double
    private let reference: [Double]

    init(method: UnivariateMethod, reference: UnivariateSample, threshold: Double) throws(MartletError) {
        self.method = method
        self.threshold = threshold
        self.reference = try reference.finiteNumbers(for: method, side: "reference").sorted()
    }

    func compare(_ current: UnivariateSample) throws(MartletError) -> UnivariateResult {
        let values = try current.finiteNumbers(for: method, side: "current").sorted()
        do {
            let result = try KolmogorovSmirnov.test(
                sorted: reference,
                values,
                method: method == .kolmogorovSmirnovAsymptotic ? .asymptotic : .automatic
            )
            return UnivariateResult(
                score: result.pValue,
                statistic: result.statistic,
                pValue: result.pValue,
                threshold: threshold,
                drifted: result.pValue <= threshold
            )
        } catch {
            throw MartletError.wrapping(error)
        }
    }
}
