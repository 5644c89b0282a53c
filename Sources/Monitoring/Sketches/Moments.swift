/// Count, extremes, mean and variance of finite numbers in constant memory (Welford 1962).
package struct Moments: Sendable, Equatable {
    /// Finite values seen.
    package private(set) var count: UInt64 = 0
    /// The least of them; infinite before the first.
    package private(set) var least = Float.infinity
    /// The greatest of them; negatively infinite before the first.
    package private(set) var greatest = -Float.infinity
    /// Their mean; 0 before the first.
    package private(set) var mean = 0.0
    private var squares = 0.0

    /// No value yet.
    package init() {}

    /// Moments as they were stored.
    init(count: UInt64, least: Float, greatest: Float, mean: Double, squares: Double) {
        self.count = count
        self.least = least
        self.greatest = greatest
        self.mean = mean
        self.squares = squares
    }

    /// The sum of squared distances from the mean.
    var sumOfSquares: Double { squares }

    /// The variance with n − 1; nil for fewer than two values.
    package var variance: Double? { count < 2 ? nil : max(0, squares / Double(count - 1)) }

    /// Takes a finite value.
    @inline(__always)
    package mutating func add(_ value: Float) {
        count &+= 1
        if value < least { least = value }
        if value > greatest { greatest = value }
        let wide = Double(value)
        let distance = wide - mean
        mean += distance / Double(count)
        squares += distance * (wide - mean)
    }
}
