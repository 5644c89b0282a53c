/// Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's rotations.
///
/// Golub and Van Loan, "Matrix Computations", section 8.5. Slower than what large matrices need, and as exact as doubles allow.
struct SymmetricEigen: Sendable {
    /// In descending order.
    let values: [Double]
    /// One vector of length 1 for each value.
    let vectors: [[Double]]

    /// Rotates until what is off the diagonal no longer counts.
    init(_ matrix: SymmetricMatrix) {
        let size = matrix.size
        var a = matrix.values
        var v = [Double](repeating: 0, count: size * size)
        for index in 0..<size { v[index * size + index] = 1 }
        for _ in 0..<60 {
            var off = 0.0
            var diagonal = 0.0
            for row in 0..<size {
                diagonal += a[row * size + row] * a[row * size + row]
                for column in 0..<row { off += 2 * a[row * size + column] * a[row * size + column] }
            }
            guard off > 1e-30 * diagonal else { break }
            for p in 0..<size {
                for q in (p + 1)..<max(p + 1, size) where a[p * size + q] != 0 {
                    Self.rotate(&a, &v, size, p, q)
                }
            }
        }
        let order = (0..<size).sorted { (a[$1 * size + $1], $0) < (a[$0 * size + $0], $1) }
        values = order.map { a[$0 * size + $0] }
        vectors = order.map { column in (0..<size).map { v[$0 * size + column] } }
    }

    /// One rotation that makes entry (p, q) 0.
    private static func rotate(_ a: inout [Double], _ v: inout [Double], _ size: Int, _ p: Int, _ q: Int) {
        let angle = (a[q * size + q] - a[p * size + p]) / (2 * a[p * size + q])
        let tangent = (angle >= 0 ? 1 : -1) / (abs(angle) + (angle * angle + 1).squareRoot())
        let cosine = 1 / (tangent * tangent + 1).squareRoot()
        let sine = tangent * cosine
        a.withUnsafeMutableBufferPointer { a in
            for k in 0..<size {
                let (x, y) = (a[k * size + p], a[k * size + q])
                a[k * size + p] = cosine * x - sine * y
                a[k * size + q] = sine * x + cosine * y
            }
            for k in 0..<size {
                let (x, y) = (a[p * size + k], a[q * size + k])
                a[p * size + k] = cosine * x - sine * y
                a[q * size + k] = sine * x + cosine * y
            }
            a[p * size + q] = 0
            a[q * size + p] = 0
        }
        v.withUnsafeMutableBufferPointer { v in
            for k in 0..<size {
                let (x, y) = (v[k * size + p], v[k * size + q])
                v[k * size + p] = cosine * x - sine * y
                v[k * size + q] = sine * x + cosine * y
            }
        }
    }
}
