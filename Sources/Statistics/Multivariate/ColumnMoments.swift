/// The mean and the spread of some finite numbers.
struct ColumnMoments: Sendable, Equatable {
    let mean: Double
    /// The sum of the squared distances to the mean; 0 where rounding is all that there is.
    let squares: Double
    let count: Int

    /// Sums in two passes.
    init(_ values: [Double]) {
        let count = Double(max(values.count, 1))
        // Divided before they are added, so that the largest doubles have a mean.
        let mean = values.reduce(0) { $0 + $1 / count }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        // What a constant leaves when its mean is rounded: scikit-learn's bound.
        let rounding = count * mean * Double.ulpOfOne
        let constant = squares / count <= count * Double.ulpOfOne * (squares / count) + rounding * rounding
        self.mean = mean
        self.squares = constant ? 0 : squares
        self.count = values.count
    }

    /// The standard deviation of a sample (over n - 1), or 1 for a constant: what to divide by.
    var sampleScale: Double { Self.scale(squares / Double(max(count - 1, 1))) }

    /// The standard deviation over `rows`, or 1 for a constant: what to divide by.
    func scale(over rows: Int) -> Double { Self.scale(squares / Double(max(rows, 1))) }

    private static func scale(_ variance: Double) -> Double {
        let deviation = variance.squareRoot()
        return deviation > 0 && deviation.isFinite ? deviation : 1
    }
}
