/// A small dense symmetric matrix in doubles, row after row.
struct SymmetricMatrix: Sendable {
    let size: Int
    var values: [Double]

    subscript(row: Int, column: Int) -> Double { values[row * size + column] }

    /// The inverse of a positive definite matrix by Cholesky's factorisation; nil when it is not positive definite.
    func inverse() -> SymmetricMatrix? {
        var lower = values
        for column in 0..<size {
            for row in column..<size {
                var sum = values[row * size + column]
                for k in 0..<column { sum -= lower[row * size + k] * lower[column * size + k] }
                if row == column {
                    guard sum > 0, sum.isFinite else { return nil }
                    lower[row * size + column] = sum.squareRoot()
                } else {
                    lower[row * size + column] = sum / lower[column * size + column]
                }
            }
        }
        var result = [Double](repeating: 0, count: size * size)
        var column = [Double](repeating: 0, count: size)
        for unit in 0..<size {
            for row in 0..<size {
                var sum = row == unit ? 1.0 : 0
                for k in 0..<row { sum -= lower[row * size + k] * column[k] }
                column[row] = sum / lower[row * size + row]
            }
            for row in stride(from: size - 1, through: 0, by: -1) {
                var sum = column[row]
                for k in (row + 1)..<max(row + 1, size) { sum -= lower[k * size + row] * column[k] }
                column[row] = sum / lower[row * size + row]
            }
            for row in 0..<size { result[row * size + unit] = column[row] }
        }
        return SymmetricMatrix(size: size, values: result)
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
