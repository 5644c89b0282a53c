/// Sums of gradients over the rows of one leaf, by the bin of every feature.
struct GradientHistogram {
    /// The sums of one bin.
    struct Cell {
        var gradient = 0.0
        var hessian = 0.0
        var rows = 0

        static func += (left: inout Cell, right: Cell) {
            left.gradient += right.gradient
            left.hessian += right.hessian
            left.rows += right.rows
        }

        static func - (left: Cell, right: Cell) -> Cell {
            let rows = left.rows - right.rows
            // What rounding leaves in a bin without rows must not look like a gradient.
            guard rows > 0 else { return Cell() }
            return Cell(
                gradient: left.gradient - right.gradient,
                hessian: left.hessian - right.hessian,
                rows: rows
            )
        }
    }

    let cells: [Cell]

    /// Sums over the rows `order`, whose gradients stand beside them in `gradients` and `hessians`.
    init(
        _ bins: FeatureBins,
        order: UnsafeBufferPointer<Int32>,
        gradients: UnsafePointer<Double>,
        hessians: UnsafePointer<Double>
    ) {
        var sums = [Cell](repeating: Cell(), count: bins.cells)
        let worthwhile = order.count * bins.features > 40_000
        sums.withUnsafeMutableBufferPointer { cells in
            bins.values.withUnsafeBufferPointer { values in
                guard let cells = cells.baseAddress, let values = values.baseAddress else { return }
                ParallelLoop.perform(bins.features, worthwhile: worthwhile) { feature in
                    let column = values + feature * bins.rows
                    let target = cells + bins.offsets[feature]
                    let missing = bins.count(of: feature)
                    for position in 0..<order.count {
                        let bin = column[Int(order[position])]
                        let cell = target + (bin == FeatureBins.missing ? missing : Int(bin))
                        cell.pointee.gradient += gradients[position]
                        cell.pointee.hessian += hessians[position]
                        cell.pointee.rows &+= 1
                    }
                }
            }
        }
        cells = sums
    }

    /// A histogram of no rows.
    init(_ bins: FeatureBins) { cells = [Cell](repeating: Cell(), count: bins.cells) }

    /// The sums over the rows of `whole` that are not among those of `part`.
    init(_ whole: GradientHistogram, without part: GradientHistogram) {
        cells = zip(whole.cells, part.cells).map { $0 - $1 }
    }
}
