import Synchronization

/// A value that is known only after those who need it were made: the knot that closes a circle of features.
final class Late<Value: Sendable>: Sendable {
    private let state = Mutex<Value?>(nil)

    /// The value; nil until it is set.
    var value: Value? {
        state.withLock { $0 }
    }

    /// Sets the value.
    func set(_ value: Value) {
        state.withLock { $0 = value }
    }
}
