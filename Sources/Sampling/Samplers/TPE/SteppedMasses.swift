/// The logarithms of the mass that normal kernels have in the cells of a stepped parameter.
///
/// Steps are few, so equal kernels and equal values are computed once.
struct SteppedMasses {
    private let range: NumericRange
    /// The different kernels.
    private var kernels: [(mean: Double, deviation: Double)] = []
    /// Which of them each kernel is.
    private var kinds: [Int] = []

    private struct Key: Hashable {
        let mean: Double
        let deviation: Double
    }

    init(_ range: NumericRange, _ means: [Double], _ deviations: [Double]) {
        self.range = range
        var known: [Key: Int] = [:]
        for (mean, deviation) in zip(means, deviations) {
            let key = Key(mean: mean, deviation: deviation)
            if let kind = known[key] {
                kinds.append(kind)
            } else {
                known[key] = kernels.count
                kinds.append(kernels.count)
                kernels.append((mean, deviation))
            }
        }
    }

    /// Adds the mass at each value to its row of terms.
    func add(_ values: [Double], to terms: inout [[Double]]) {
        var known: [Double: [Double]] = [:]
        for (row, value) in values.enumerated() {
            let masses = known[value] ?? masses(at: value)
            known[value] = masses
            for kernel in kinds.indices { terms[row][kernel] += masses[kinds[kernel]] }
        }
    }

    private func masses(at value: Double) -> [Double] {
        guard let cell = range.cell(of: value) else { return kernels.map { _ in 0 } }
        return kernels.map { mean, deviation in
            NormalDistribution.logMass((cell.low - mean) / deviation, (cell.high - mean) / deviation)
        }
    }
}
