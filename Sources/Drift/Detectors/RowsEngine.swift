import Core
import Statistics

/// What an engine over rows found.
struct RowsResult: Sendable, Equatable {
    let statistic: Double
    let pValue: Double?
    let threshold: Double
    let drifted: Bool
}

/// A prepared comparison of rows.
protocol RowsEngine: Sendable {
    func test(_ current: SampleMatrix) throws(MartletError) -> RowsResult
}

/// The comparisons of rows, by detector.
enum RowsEngines {
    /// The bound that the peers use when none is given.
    static func defaultThreshold(of kind: DetectorKind) -> Double {
        0.05
    }

    static func prepare(
        _ spec: DetectorSpec,
        reference: SampleMatrix,
        threshold: Double
    ) throws(MartletError) -> any RowsEngine {
        switch spec.kind {
        case .maximumMeanDiscrepancy: try KernelEngine(spec, reference: reference, level: threshold)
        default: throw MartletError(.unimplemented, "The detector \(spec.kind.rawValue) is not there yet.")
        }
    }
}

/// Maximum mean discrepancy with a permutation test.
struct KernelEngine: RowsEngine {
    private let discrepancy: MaximumMeanDiscrepancy
    private let level: Double
    private let permutations: Int
    private let seed: UInt64

    init(_ spec: DetectorSpec, reference: SampleMatrix, level: Double) throws(MartletError) {
        do {
            discrepancy = try MaximumMeanDiscrepancy(
                reference: reference,
                bandwidth: spec.bandwidth.map { .fixed([$0]) } ?? .medianOfReference,
                scaling: spec.standardise ? .standardised : .none
            )
        } catch { throw MartletError.wrapping(error) }
        self.level = level
        permutations = spec.permutations
        seed = spec.seed
    }

    func test(_ current: SampleMatrix) throws(MartletError) -> RowsResult {
        do {
            let result = try discrepancy.test(current, permutations: .random(count: permutations, seed: seed))
            return RowsResult(
                statistic: result.statistic,
                pValue: result.pValue,
                threshold: level,
                drifted: result.pValue < level
            )
        } catch { throw MartletError.wrapping(error) }
    }
}
