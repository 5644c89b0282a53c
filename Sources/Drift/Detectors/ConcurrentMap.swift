import Dispatch
import Synchronization

/// Applies a function to 0 ..< count on all cores and returns the results in order.
///
/// - Parameters:
///   - count: How many results.
///   - isLarge: Whether the work is worth other threads; false runs it here.
///   - body: Computes one result; called once for each number, from any thread.
/// - Returns: The results in the order of their numbers.
func concurrentMap<Result: Sendable>(
    _ count: Int,
    isLarge: Bool,
    _ body: @Sendable (Int) -> Result
) -> [Result] {
    guard isLarge, count > 1 else { return (0..<count).map(body) }
    let results = Mutex([Result?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
        let result = body(index)
        results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap(\.self) }
}
