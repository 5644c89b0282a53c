package import Core

/// How rows are cut into chunks, each of which is judged by itself.
package enum Chunking: Sendable, Equatable {
    /// Chunks of this many rows; the rest is a shorter last chunk.
    case size(Int)
    /// This many chunks of equal size; what does not divide is one more chunk, as in NannyML.
    case count(Int)

    /// The ranges of rows.
    ///
    /// - Parameter rows: how many rows there are.
    /// - Returns: ranges that cover all rows in order; none without rows.
    /// - Throws: `invalidArgument` when size or count is not positive, `payloadTooLarge` past `PerformanceLimits.chunks`.
    package func ranges(of rows: Int) throws(MartletError) -> [Range<Int>] {
        let size: Int
        switch self {
        case .size(let rows): size = rows
        case .count(let chunks):
            guard chunks > 0 else { throw Self.notPositive("number of chunks", chunks) }
            size = max(1, rows / chunks)
        }
        guard size > 0 else { throw Self.notPositive("size of a chunk", size) }
        guard rows > 0 else { return [] }
        let count = (rows - 1) / size + 1
        guard count <= PerformanceLimits.chunks else {
            throw MartletError(
                .payloadTooLarge,
                "\(rows) rows in chunks of \(size) are \(count) chunks; at most \(PerformanceLimits.chunks) are judged."
            )
        }
        return (0..<count).map { $0 * size..<min(rows, ($0 + 1) * size) }
    }

    private static func notPositive(_ what: String, _ value: Int) -> MartletError {
        MartletError(.invalidArgument, "The \(what) must be positive, not \(value).")
    }
}
