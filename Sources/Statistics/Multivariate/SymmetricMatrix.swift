/// A small dense symmetric matrix in doubles, row after row; systems are solved by Cholesky's factorisation.
struct SymmetricMatrix: Sendable {
    let size: Int
    var values: [Double]

    subscript(row: Int, column: Int) -> Double { values[row * size + column] }

    /// The inverse of a positive definite matrix; nil when it is not positive definite.
    func inverse() -> SymmetricMatrix? {
        guard let factor = choleskyFactor() else { return nil }
        var result = [Double](repeating: 0, count: size * size)
        var column = [Double](repeating: 0, count: size)
        for unit in 0..<size {
            for row in 0..<size { column[row] = row == unit ? 1 : 0 }
            Self.solve(factor, size, &column)
            for row in 0..<size { result[row * size + unit] = column[row] }
        }
        return SymmetricMatrix(size: size, values: result)
    }

    /// x for which the matrix times x is `vector`; nil when the matrix is not positive definite.
    func solving(_ vector: [Double]) -> [Double]? {
        guard let factor = choleskyFactor() else { return nil }
        var result = vector
        Self.solve(factor, size, &result)
        return result
    }

    /// The lower triangle L for which L Lᵀ is the matrix; nil when it is not positive definite.
    private func choleskyFactor() -> [Double]? {
        var lower = values
        let positive = lower.withUnsafeMutableBufferPointer { lower in
            for row in 0..<size {
                for column in 0...row {
                    var sum = lower[row * size + column]
                    for k in 0..<column { sum -= lower[row * size + k] * lower[column * size + k] }
                    guard row == column else {
                        lower[row * size + column] = sum / lower[column * size + column]
                        continue
                    }
                    guard sum > 0, sum.isFinite else { return false }
                    lower[row * size + row] = sum.squareRoot()
                }
            }
            return true
        }
        return positive ? lower : nil
    }

    /// Replaces the right-hand side by the solution: forwards through L, backwards through its transpose.
    private static func solve(_ lower: [Double], _ size: Int, _ vector: inout [Double]) {
        lower.withUnsafeBufferPointer { lower in
            vector.withUnsafeMutableBufferPointer { vector in
                for row in 0..<size {
                    var sum = vector[row]
                    for k in 0..<row { sum -= lower[row * size + k] * vector[k] }
                    vector[row] = sum / lower[row * size + row]
                }
                for row in stride(from: size - 1, through: 0, by: -1) {
                    vector[row] /= lower[row * size + row]
                    let value = vector[row]
                    for k in 0..<row { vector[k] -= lower[row * size + k] * value }
                }
            }
        }
    }

    /// The matrix with `amount` added to its diagonal.
    func adding(_ amount: Double) -> SymmetricMatrix {
        var result = self
        for index in 0..<size { result.values[index * size + index] += amount }
        return result
    }

    /// The matrix times a vector of its size.
    func times(_ vector: [Double]) -> [Double] {
        (0..<size).map { row in
            var sum = 0.0
            for column in 0..<size { sum += values[row * size + column] * vector[column] }
            return sum
        }
    }
}

/// The sum of the products of two vectors.
func dot(_ left: [Double], _ right: [Double]) -> Double {
    var sum = 0.0
    for index in 0..<min(left.count, right.count) { sum += left[index] * right[index] }
    return sum
}
