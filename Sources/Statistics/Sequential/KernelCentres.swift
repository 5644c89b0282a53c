import Core

/// The means and deviations of the reference's features.
struct RowScale: Sendable {
    let means: [Double]
    let deviations: [Double]

    /// Measures complete rows; a deviation has n - 1 below it.
    init(_ complete: SampleMatrix) {
        var (means, deviations) = ([Double](), [Double]())
        for column in 0..<complete.columns {
            let values = (0..<complete.rows).map { Double(complete[$0, column]) }
            let mean = values.reduce(0, +) / Double(values.count)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            means.append(mean)
            deviations.append((squares / Double(max(values.count - 1, 1))).squareRoot())
        }
        self.means = means
        // A constant feature has no unit of its own: it is left in the units it has, as everywhere in this module.
        self.deviations = deviations.map { $0 > 0 ? $0 : 1 }
    }

    /// A row in standard units.
    func apply(_ row: [Float]) -> [Double] {
        row.indices.map { (Double(row[$0]) - means[$0]) / deviations[$0] }
    }

    /// A row of a sample in standard units.
    func apply(_ sample: SampleMatrix, row: Int) -> [Double] { apply(sample.gathered([row])) }
}

/// Reference rows at which kernels are centred.
struct KernelCentres: Sendable {
    private let kernel: RowKernel
    private let rows: [Double]
    /// The integrals of the products of two centres' kernels, up to a factor.
    let overlaps: SymmetricMatrix

    init(_ complete: SampleMatrix, _ places: [Int], _ scale: RowScale, sigma: Double) {
        kernel = RowKernel(features: complete.columns, sigma: sigma)
        var centres = places.map { scale.apply(complete, row: $0) }
        if Set(centres).count < centres.count {
            // Equal centres make a matrix that cannot be inverted; the peer, too, moves all of them by a millionth.
            var generator = SeededGenerator(seed: UInt64(places.count))
            for place in centres.indices {
                for feature in centres[place].indices { centres[place][feature] += 1e-6 * generator.normal() }
            }
        }
        rows = centres.flatMap(\.self)
        let wide = RowKernel(features: complete.columns, sigma: sigma * (2.0).squareRoot())
        let all = rows
        overlaps = SymmetricMatrix(
            size: centres.count,
            values: centres.flatMap { wide.values(of: $0, with: all) }
        )
    }

    /// The kernel of a standardised row at each centre.
    func kernels(of row: [Double]) -> [Double] { kernel.values(of: row, with: rows) }
}

/// Means of vectors.
enum VectorMean {
    static func of(_ vectors: [[Double]]) -> [Double] {
        guard var sum = vectors.first else { return [] }
        for vector in vectors.dropFirst() { for index in sum.indices { sum[index] += vector[index] } }
        return sum.map { $0 / Double(vectors.count) }
    }
}

/// Statistics of streams that are drawn from the reference rows which are no centres.
struct CentreSimulation {
    /// The kernel of each such row at each centre.
    let table: [[Double]]
    let streams: [[Int]]
    let split: StreamSplit
    private let total: [Double]

    init(table: [[Double]], streams: [[Int]], split: StreamSplit) {
        self.table = table
        self.streams = streams
        self.split = split
        total = VectorMean.of(table).map { $0 * Double(table.count) }
    }

    /// λ, the largest power of 1/4 at which two estimates over all first windows agree, and the weights that it gives.
    ///
    /// - Throws: `failedPrecondition` when none does.
    func weights(
        _ overlaps: SymmetricMatrix,
        agreement: Double
    ) throws(MartletError) -> (lambda: Double, weights: SymmetricMatrix) {
        let first = streams.map { differences(of: $0, windows: 1)[0] }
        var lambda = 1.0
        for _ in 0..<10 {
            if let (inverse, weights) = Self.weights(overlaps, lambda: lambda) {
                let gaps = first.map { difference in
                    let omega = inverse.times(difference)
                    return 1 - dot(omega, overlaps.times(omega)) / dot(difference, omega)
                }
                if gaps.reduce(0, +) / Double(gaps.count) < agreement { return (lambda, weights) }
            }
            lambda /= 4
        }
        throw MartletError(
            .failedPrecondition,
            "Too many reference rows are equal for a density difference; use the kernel discrepancy (mmd) instead."
        )
    }

    /// A = (H + λI)⁻¹ and 2A - AᵀHA; nil when rounding leaves nothing to invert.
    static func weights(
        _ overlaps: SymmetricMatrix,
        lambda: Double
    ) -> (inverse: SymmetricMatrix, weights: SymmetricMatrix)? {
        guard let inverse = overlaps.adding(lambda).inverse() else { return nil }
        let size = overlaps.size
        var values = [Double](repeating: 0, count: size * size)
        for column in 0..<size {
            // The inverse is symmetric: its columns are its rows.
            let unit = Array(inverse.values[(column * size)..<((column + 1) * size)])
            let product = inverse.times(overlaps.times(unit))
            for row in 0..<size { values[row * size + column] = 2 * unit[row] - product[row] }
        }
        return (inverse, SymmetricMatrix(size: size, values: values))
    }

    /// The statistic of each window of each stream, stream after stream.
    func statistics(_ weights: SymmetricMatrix) -> [Double] {
        let windows = split.window
        var result = [Double](repeating: 0, count: streams.count * windows)
        result.withUnsafeMutableBufferPointer { output in
            // Safe because each piece writes the statistics of its own stream only.
            nonisolated(unsafe) let output = output
            ParallelLoop.perform(streams.count) { index in
                for (window, difference) in differences(of: streams[index], windows: windows).enumerated() {
                    output[index * windows + window] = dot(difference, weights.times(difference))
                }
            }
        }
        return result
    }

    /// The statistic of a window against a reference, both given by their rows.
    func statistic(reference: [Int], window: [Int], _ weights: SymmetricMatrix) -> Double {
        let means = (VectorMean.of(reference.map { table[$0] }), VectorMean.of(window.map { table[$0] }))
        let difference = zip(means.0, means.1).map { $0 - $1 }
        return dot(difference, weights.times(difference))
    }

    /// Mean kernels of the rows outside a stream minus those of its first windows.
    private func differences(of stream: [Int], windows: Int) -> [[Double]] {
        let (size, count) = (Double(split.window), Double(split.reference))
        let inside = VectorMean.of(stream.map { table[$0] }).map { $0 * Double(stream.count) }
        let level = zip(total, inside).map { ($0 - $1) / count }
        var sum = VectorMean.of(stream.prefix(split.window).map { table[$0] }).map { $0 * size }
        var result: [[Double]] = []
        for start in 0..<windows {
            if start > 0 {
                let (left, entered) = (table[stream[start - 1]], table[stream[start + split.window - 1]])
                for index in sum.indices { sum[index] += entered[index] - left[index] }
            }
            result.append(zip(level, sum).map { $0 - $1 / size })
        }
        return result
    }
}
