import Core

extension TreeEnsemble: ExplainableRuntime {
    package var marginWidth: Int { forest.width }

    /// Whether the model file says how much training weight each node saw, which exact contributions need.
    package var hasCovers: Bool { forest.covers.count > 0 }

    package func contributions(_ rows: [Float], count: Int) throws -> [Float] {
        try checkExplainable(rows, count)
        let (width, features) = (forest.width, featureCount)
        let base = baseValues
        var result: [Float] = []
        result.reserveCapacity(count * width * (features + 1))
        sums(rows, count, .values) { sums, stride, row in
            for output in 0..<width {
                for feature in 0..<features {
                    result.append(Float(sums[(output * features + feature) * stride + row] / divisor))
                }
                result.append(Float(base[output]))
            }
        }
        return result
    }

    package func interactions(_ rows: [Float], count: Int) throws -> [Float] {
        try checkExplainable(rows, count)
        let (width, features) = (forest.width, featureCount)
        guard features <= RuntimesLimits.interactionFeatures else {
            throw MartletError(
                .invalidArgument,
                "Interactions are computed for up to \(RuntimesLimits.interactionFeatures) features, not \(features)."
            )
        }
        let side = (features + 1) * (features + 1)
        guard count <= RuntimesLimits.interactionNumbers / (side * max(1, width)) else {
            throw MartletError(
                .invalidArgument,
                "Interactions of \(count) rows, \(width) outputs and \(features) features are more than"
                    + " \(RuntimesLimits.interactionNumbers) numbers; ask for fewer rows."
            )
        }
        let base = baseValues
        let terms = features * features
        var result: [Float] = []
        result.reserveCapacity(count * width * side)
        var matrix = [Double](repeating: 0, count: terms)
        sums(rows, count, .interactions) {
            sums,
            stride,
            row in
            for output in 0..<width {
                for place in 0..<terms { matrix[place] = sums[(output * terms + place) * stride + row] / divisor }
                for first in 0..<features {
                    for second in first + 1..<max(first + 1, features) {
                        let pair = matrix[first * features + second]
                        matrix[second * features + first] = pair
                        matrix[first * features + first] -= pair
                        matrix[second * features + second] -= pair
                    }
                }
                for first in 0..<features {
                    for second in 0..<features { result.append(Float(matrix[first * features + second])) }
                    result.append(0)
                }
                result.append(contentsOf: repeatElement(0, count: features))
                result.append(Float(base[output]))
            }
        }
        return result
    }

    /// The margin of each output that contributions start from.
    private var baseValues: [Double] {
        TreeSHAP.baseValues(forest).enumerated().map { output, base in
            (start[output] + base) / divisor + (offsets.isEmpty ? 0 : Double(offsets[output]))
        }
    }

    private func checkExplainable(_ rows: [Float], _ count: Int) throws {
        let (outputs, overflow) = count.multipliedReportingOverflow(by: outputWidth)
        try checkSizes(input: rows.count, count: count, output: overflow ? -1 : outputs)
        guard hasCovers else {
            throw MartletError(
                .unimplemented,
                "The model file does not say how much training data each node saw, so its SHAP values are not exact;"
                    + " use sampled ones (Kernel SHAP) with a background set."
            )
        }
        guard forest.deepest <= RuntimesLimits.explanationDepth else {
            throw MartletError(
                .unimplemented,
                "The model's trees are \(forest.deepest) levels deep; exact SHAP values are computed up to"
                    + " \(RuntimesLimits.explanationDepth)."
            )
        }
    }

    /// Numbers that are added up at once.
    private static let chunkNumbers = 1 << 20

    /// Explains the rows in chunks and hands each row's sums to `body`, with how far apart a row's terms are.
    private func sums(
        _ rows: [Float],
        _ count: Int,
        _ kind: TreeSHAP.Kind,
        _ body: (_ sums: UnsafePointer<Double>, _ stride: Int, _ row: Int) -> Void
    ) {
        // So many rows that the sums stay near, and a model with many features stays within memory.
        let terms = forest.width * TreeSHAP.terms(kind, featureCount)
        let chunk = max(1, min(count, 1024, Self.chunkNumbers / max(1, terms)))
        let size = terms * chunk
        var explainer = TreeSHAP(forest, featureCount: featureCount, kind: kind)
        rows.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress ?? emptyRow else { return }
            let sums = UnsafeMutablePointer<Double>.allocate(capacity: max(1, size))
            defer { sums.deallocate() }
            for first in Swift.stride(from: 0, to: count, by: chunk) {
                sums.initialize(repeating: 0, count: max(1, size))
                let taken = min(chunk, count - first)
                explainer.explain(rows + first * featureCount, count: taken, into: sums, stride: chunk)
                for row in 0..<taken { body(sums, chunk, row) }
            }
        }
    }
}
