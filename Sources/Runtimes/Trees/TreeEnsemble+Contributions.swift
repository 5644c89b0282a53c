import Core

extension TreeEnsemble: ExplainableRuntime {
    package var marginWidth: Int { forest.width }

    /// Whether the model file says how much training weight each node saw, which exact contributions need.
    package var hasCovers: Bool { forest.covers.count > 0 }

    package func contributions(_ rows: [Float], count: Int) throws -> [Float] {
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
        let (width, stride) = (forest.width, featureCount + 1)
        let base = TreeSHAP.baseValues(forest)
        var result: [Float] = []
        result.reserveCapacity(count * width * stride)
        var values = [Double](repeating: 0, count: width * stride)
        rows.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress ?? emptyRow else { return }
            TreeSHAP.withExplainer(forest, featureCount: featureCount) { explainer in
                for row in 0..<count {
                    values.withUnsafeMutableBufferPointer { values in
                        guard let start = values.baseAddress else { return }
                        start.update(repeating: 0, count: values.count)
                        explainer.explain(rows + row * featureCount, into: start)
                    }
                    for output in 0..<width { values[output * stride + featureCount] = start[output] + base[output] }
                    for place in values.indices {
                        var value = values[place] / divisor
                        if !offsets.isEmpty, place % stride == featureCount { value += Double(offsets[place / stride]) }
                        result.append(Float(value))
                    }
                }
            }
        }
        return result
    }
}

extension TreeForest {
    /// The longest way from a root to a leaf.
    var deepest: Int { (0..<treeCount).reduce(0) { max($0, Int(depths.base[$1])) } }
}
