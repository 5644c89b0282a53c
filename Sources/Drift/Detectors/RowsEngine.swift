import Core
import Statistics

/// A prepared comparison of rows.
protocol RowsEngine: Sendable {
    /// The most current rows that it takes beside its reference; nil for all.
    func currentRows() -> Int?
    func test(_ current: SampleMatrix) throws(MartletError) -> MultivariateResult
}

/// The comparisons of rows, by detector.
enum RowsEngines {
    /// The bound that the peers use when none is given.
    static func defaultThreshold(of kind: DetectorKind) -> Double {
        // The bounds of a reconstruction error come from the reference itself.
        kind == .principalComponents ? 0 : 0.05
    }

    /// The most rows of the reference that a detector takes; larger ones are sampled.
    static func referenceRows(of kind: DetectorKind) -> Int? {
        switch kind {
        case .maximumMeanDiscrepancy, .densityDifference, .energy: PermutationEngine.referenceRows
        case .domainClassifier: StatisticsLimits.classifierRows
        default: nil
        }
    }

    static func prepare(
        _ spec: DetectorSpec,
        reference: SampleMatrix,
        threshold: Double
    ) throws(MartletError) -> any RowsEngine {
        switch spec.kind {
        case .maximumMeanDiscrepancy, .densityDifference, .energy:
            try PermutationEngine(spec, reference: reference, level: threshold)
        case .domainClassifier:
            ClassifierEngine(
                classifier: try DomainClassifier(reference: reference, level: threshold, seed: spec.seed)
            )
        case .principalComponents:
            ComponentsEngine(components: try PrincipalComponents(reference: reference, variance: spec.variance))
        case .automatic, .univariate, .textAgainstChance, .textAgainstScore:
            throw MartletError(.invalidArgument, "\(spec.kind.rawValue) compares columns one by one, not rows.")
        }
    }
}

/// The detectors whose p-value comes from exchanging rows.
struct PermutationEngine: RowsEngine {
    /// A kernel grows with the square of the rows: this leaves 2,000 of `StatisticsLimits.kernelRows` for current ones.
    static let referenceRows = 3_000

    private enum Test: Sendable {
        case discrepancy(MaximumMeanDiscrepancy)
        case density(LeastSquaresDensityDifference)
        case energy(EnergyDistance)
    }

    private let test: Test
    private let rows: Int
    private let level: Double
    private let permutations: Permutations

    init(_ spec: DetectorSpec, reference: SampleMatrix, level: Double) throws(MartletError) {
        let scaling: MaximumMeanDiscrepancy.Scaling = spec.standardise ? .standardised : .none
        switch spec.kind {
        case .densityDifference:
            test = .density(
                try LeastSquaresDensityDifference(
                    reference: reference,
                    sigma: spec.bandwidth,
                    centres: .random(count: nil, seed: spec.seed)
                )
            )
        case .energy: test = .energy(try EnergyDistance(reference: reference, scaling: scaling))
        default:
            test = .discrepancy(
                try MaximumMeanDiscrepancy(
                    reference: reference,
                    bandwidth: spec.bandwidth.map { .fixed([$0]) } ?? .medianOfReference,
                    scaling: scaling
                )
            )
        }
        rows = reference.rows
        self.level = level
        permutations = .random(count: spec.permutations, seed: spec.seed)
    }

    func currentRows() -> Int? { max(2, StatisticsLimits.kernelRows - rows) }

    func test(_ current: SampleMatrix) throws(MartletError) -> MultivariateResult {
        switch test {
        case .discrepancy(let test): try test.test(current, permutations: permutations).result(level: level)
        case .density(let test): try test.test(current, permutations: permutations).result(level: level)
        case .energy(let test): try test.test(current, permutations: permutations).result(level: level)
        }
    }
}

/// A classifier that tells reference from current.
struct ClassifierEngine: RowsEngine {
    let classifier: DomainClassifier

    func currentRows() -> Int? { StatisticsLimits.classifierRows }

    func test(_ current: SampleMatrix) throws(MartletError) -> MultivariateResult {
        try classifier.test(current).result
    }
}

/// Error of reconstruction from the reference's principal components.
struct ComponentsEngine: RowsEngine {
    let components: PrincipalComponents

    func currentRows() -> Int? { nil }

    func test(_ current: SampleMatrix) throws(MartletError) -> MultivariateResult {
        try components.test(current).result
    }
}
