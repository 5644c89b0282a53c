package import Core

/// Spreads trials over the space more evenly than chance does, with a scrambled low-discrepancy sequence.
package struct QuasiRandomSampler: Sampler {
    /// Which sequence.
    package enum Sequence: String, Sendable {
        /// Sobol's, scrambled as Owen does (Burley 2020).
        case sobol
        /// Halton's, each digit permuted by chance.
        case halton
    }

    private let sequence: Sequence
    private let seed: UInt64
    private var halton: HaltonSequence?

    /// Makes a sampler.
    package init(_ sequence: Sequence, seed: UInt64) {
        self.sequence = sequence
        self.seed = seed
    }

    /// What to try in the trial of that number.
    ///
    /// - Throws: `failedPrecondition` for a space with more parameters than Sobol's sequence has directions for.
    package mutating func propose(_ number: Int, in history: TrialHistory) throws(MartletError) -> Proposal {
        let space = history.space
        let count = space.parameters.count
        if sequence == .sobol, count > SamplingLimits.sobolDimensions {
            throw MartletError(
                .failedPrecondition,
                "Sobol's sequence takes at most \(SamplingLimits.sobolDimensions) parameters, not \(count); use halton."
            )
        }
        if sequence == .halton, halton == nil { halton = HaltonSequence(dimensions: count, seed: seed) }
        var values = [Double](repeating: .nan, count: count)
        for index in space.parameters.indices where space.isActive(index, values) {
            let share =
                switch sequence {
                case .sobol: SobolSequence.share(UInt32(truncatingIfNeeded: number), dimension: index, seed: seed)
                case .halton: halton?.share(number, dimension: index) ?? 0.5
                }
            values[index] = space.value(index, atShare: share)
        }
        return Proposal(values: values)
    }
}

/// Halton's sequence: in each dimension the digits of the index in another prime base, mirrored at the point.
struct HaltonSequence: Sendable {
    private let bases: [Int]
    /// By dimension and digit: which digit stands for which.
    private let permutations: [[[Int]]]

    init(dimensions: Int, seed: UInt64) {
        bases = Self.primes(dimensions)
        permutations = bases.enumerated().map { dimension, base in
            var random = SeededGenerator(seed: seed, trial: dimension, stream: 3)
            var digits = 0
            var reach = 1.0
            while reach < 0x1p40 {
                reach *= Double(base)
                digits += 1
            }
            return (0..<digits).map { _ in random.permutation(base) }
        }
    }

    func share(_ index: Int, dimension: Int) -> Double {
        let base = bases[dimension]
        var (rest, scale, sum) = (index, 1.0, 0.0)
        for permutation in permutations[dimension] {
            scale /= Double(base)
            sum += Double(permutation[rest % base]) * scale
            rest /= base
        }
        return min(sum, 1 - 0x1p-53)
    }

    private static func primes(_ count: Int) -> [Int] {
        var primes: [Int] = []
        var candidate = 2
        while primes.count < count {
            if !primes.contains(where: { $0 * $0 <= candidate && candidate.isMultiple(of: $0) }) {
                primes.append(candidate)
            }
            candidate += 1
        }
        return primes
    }
}
