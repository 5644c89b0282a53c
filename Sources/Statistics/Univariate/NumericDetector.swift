import Core

/// A test or distance between two samples of numbers, with the reference sorted once.
struct NumericDetector: UnivariateDetector {
    /// What a method finds: a p-value beside its statistic, or a distance alone.
    enum Finding {
        case test(TestOutcome)
        case distance(Double)
    }

    let method: UnivariateMethod
    let threshold: Double
    private let reference: SortedSample
    /// The standard deviation that the normed Wasserstein distance is divided by; 1 for other methods.
    private let norm: Double

    init(method: UnivariateMethod, reference: UnivariateSample, threshold: Double) throws(MartletError) {
        self.method = method
        self.threshold = threshold
        self.reference = try SortedSample(reference, for: method, side: "reference")
        norm = method == .wasserstein ? CumulativeDistance.norm(self.reference) : 1
    }

    func compare(_ current: UnivariateSample) throws(MartletError) -> UnivariateResult {
        let values = try SortedSample(current, for: method, side: "current")
        switch try finding(values) {
        case .test(let outcome): return try method.result(outcome, threshold: threshold)
        case .distance(let distance): return try method.result(distance: distance, threshold: threshold)
        }
    }

    private func finding(_ current: SortedSample) throws(MartletError) -> Finding {
        switch method {
        case .kolmogorovSmirnov: .test(try kolmogorovSmirnov(current, .automatic))
        case .kolmogorovSmirnovAsymptotic: .test(try kolmogorovSmirnov(current, .asymptotic))
        case .cramerVonMises: .test(try CramerVonMises.test(reference, current))
        case .andersonDarling: .test(try AndersonDarling.test(reference, current))
        case .mannWhitneyLess: .test(MannWhitney.test(reference, current, alternative: .less))
        case .mannWhitney: .test(MannWhitney.test(reference, current))
        case .studentT: .test(try StudentTest.test(reference, current))
        case .welchT: .test(try StudentTest.test(reference, current, equalVariances: false))
        case .eppsSingleton: .test(try EppsSingleton.test(reference, current))
        case .wasserstein: .distance(CumulativeDistance.wasserstein(reference, current) / norm)
        case .energyDistance: .distance(CumulativeDistance.energy(reference, current))
        default: throw MartletError(.internal, "The method \(method.rawValue) is no comparison of sorted numbers.")
        }
    }

    private func kolmogorovSmirnov(
        _ current: SortedSample,
        _ kind: KolmogorovSmirnov.Method
    ) throws(MartletError) -> TestOutcome {
        do {
            let result = try KolmogorovSmirnov.test(sorted: reference.values, current.values, method: kind)
            return TestOutcome(statistic: result.statistic, pValue: result.pValue)
        } catch {
            throw MartletError.wrapping(error)
        }
    }
}
