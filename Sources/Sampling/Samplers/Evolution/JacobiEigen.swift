/// Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi's rotations.
enum JacobiEigen {
    /// Values, and vectors as columns.
    static func decompose(_ matrix: [[Double]]) -> (values: [Double], vectors: [[Double]]) {
        let count = matrix.count
        var a = matrix
        var v = (0..<count).map { row in (0..<count).map { $0 == row ? 1.0 : 0 } }
        for _ in 0..<60 {
            var rest = 0.0
            for row in 0..<count {
                for column in 0..<row { rest += a[row][column] * a[row][column] }
            }
            let size = (0..<count).reduce(0.0) { $0 + a[$1][$1] * a[$1][$1] }
            if rest <= 1e-30 * size || rest == 0 { break }
            for p in 0..<count {
                for q in (p + 1)..<max(count, p + 1) where a[p][q] != 0 { rotate(&a, &v, p, q) }
            }
        }
        return ((0..<count).map { a[$0][$0] }, v)
    }

    private static func rotate(_ a: inout [[Double]], _ v: inout [[Double]], _ p: Int, _ q: Int) {
        let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        let t = (theta >= 0 ? 1.0 : -1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in a.indices {
            let (x, y) = (a[k][p], a[k][q])
            a[k][p] = c * x - s * y
            a[k][q] = s * x + c * y
        }
        for k in a.indices {
            let (x, y) = (a[p][k], a[q][k])
            a[p][k] = c * x - s * y
            a[q][k] = s * x + c * y
        }
        for k in v.indices {
            let (x, y) = (v[k][p], v[k][q])
            v[k][p] = c * x - s * y
            v[k][q] = s * x + c * y
        }
    }
}
