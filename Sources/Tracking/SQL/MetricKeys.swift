import Synchronization

/// The numbers of metrics' keys that are known to be durable, and how many points wait in the tail.
///
/// Keys are never deleted and never change their number, so what is known stays true, also with other servers beside
/// this one.
final class MetricKeys: Sendable {
    private struct State {
        var numbers: [String: Int64] = [:]
        var names: [Int64: String] = [:]
        var waiting: Int?
    }

    private let state = Mutex(State())

    /// The numbers of keys, nil where unknown.
    func numbers(of keys: [String]) -> [Int64?] {
        state.withLock { state in keys.map { state.numbers[$0] } }
    }

    /// The names of numbers, nil where unknown.
    func names(of numbers: [Int64]) -> [String?] {
        state.withLock { state in numbers.map { state.names[$0] } }
    }

    /// Remembers keys; they must be committed, or a number may be given to two keys.
    func remember(_ keys: [String: Int64]) {
        guard !keys.isEmpty else { return }
        state.withLock { state in
            if state.numbers.count + keys.count > TrackingLimits.knownMetricKeys {
                state.numbers = [:]
                state.names = [:]
            }
            for (key, number) in keys.prefix(TrackingLimits.knownMetricKeys) {
                state.numbers[key] = number
                state.names[number] = key
            }
        }
    }

    /// Counts points that join the tail.
    ///
    /// - Parameters:
    ///   - count: how many join.
    ///   - stored: how many there are, asked once.
    /// - Returns: whether the tail is to be folded.
    func join(_ count: Int, stored: () throws -> Int) rethrows -> Bool {
        var waiting = state.withLock(\.waiting)
        if waiting == nil { waiting = try stored() }
        let sum = (waiting ?? 0) + count
        state.withLock { $0.waiting = sum }
        return sum >= TrackingLimits.metricTail
    }

    /// Notes that the tail was emptied.
    func emptied() {
        state.withLock { $0.waiting = 0 }
    }
}
