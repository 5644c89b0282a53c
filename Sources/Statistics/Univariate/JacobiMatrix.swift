/// A small symmetric matrix with its eigenvalues by Jacobi's rotations (Golub and Van Loan 1996, section 8.4).
struct JacobiMatrix: Sendable {
    private let size: Int
    private var elements: [Double]

    init(size: Int) {
        self.size = size
        elements = [Double](repeating: 0, count: size * size)
    }

    subscript(row: Int, column: Int) -> Double {
        get { elements[row * size + column] }
        set { elements[row * size + column] = newValue }
    }

    /// The eigenvalues, and their unit vectors in the same order.
    func eigen() -> (values: [Double], vectors: [[Double]]) {
        var matrix = self
        var vectors = JacobiMatrix(size: size)
        for index in 0..<size { vectors[index, index] = 1 }
        for _ in 0..<60 {
            var rest = 0.0
            for row in 0..<size {
                for column in 0..<row { rest += abs(matrix[row, column]) }
            }
            if rest == 0 { break }
            for row in 0..<size {
                for column in 0..<row { matrix.rotate(row, column, &vectors) }
            }
        }
        return (
            (0..<size).map { matrix[$0, $0] },
            (0..<size).map { column in (0..<size).map { vectors[$0, column] } }
        )
    }

    /// Turns one off-diagonal element into 0.
    private mutating func rotate(_ p: Int, _ q: Int, _ vectors: inout JacobiMatrix) {
        let off = self[p, q]
        guard abs(off) > 1e-300 else {
            self[p, q] = 0
            self[q, p] = 0
            return
        }
        let theta = (self[q, q] - self[p, p]) / (2 * off)
        let root = (theta * theta + 1).squareRoot()
        let tangent = (theta < 0 ? -1.0 : 1.0) / (abs(theta) + root)
        let cosine = 1 / (tangent * tangent + 1).squareRoot()
        let sine = tangent * cosine
        for index in 0..<size {
            let (a, b) = (self[index, p], self[index, q])
            self[index, p] = cosine * a - sine * b
            self[index, q] = sine * a + cosine * b
        }
        for index in 0..<size {
            let (a, b) = (self[p, index], self[q, index])
            self[p, index] = cosine * a - sine * b
            self[q, index] = sine * a + cosine * b
        }
        self[p, q] = 0
        self[q, p] = 0
        for index in 0..<size {
            let (a, b) = (vectors[index, p], vectors[index, q])
            vectors[index, p] = cosine * a - sine * b
            vectors[index, q] = sine * a + cosine * b
        }
    }
}
