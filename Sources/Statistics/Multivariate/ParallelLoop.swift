import Dispatch

/// Splits independent pieces of work over the cores.
///
/// The pieces are the same however many cores there are, and each writes only what belongs to it: results do not depend on
/// the machine.
package enum ParallelLoop {
    /// Calls `body` once for each number from 0 to `count` - 1, on several cores when `worthwhile`, and waits.
    ///
    /// The calling thread takes part, so nothing waits for a thread that may never come.
    ///
    /// - Parameters:
    ///   - count: How many pieces there are.
    ///   - worthwhile: False for work too small to pay for waking a thread: some 20 µs.
    ///   - body: One piece; it must not touch what another piece writes.
    package static func perform(_ count: Int, worthwhile: Bool = true, _ body: (Int) -> Void) {
        guard worthwhile, count > 1 else {
            for index in 0..<max(0, count) { body(index) }
            return
        }
        withoutActuallyEscaping(body) { body in
            // Safe because the loop returns only after the last piece, and no piece touches what another one writes.
            nonisolated(unsafe) let shared = body
            DispatchQueue.concurrentPerform(iterations: count) { shared($0) }
        }
    }
}
