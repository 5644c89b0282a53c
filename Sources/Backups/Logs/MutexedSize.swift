import Synchronization

/// The size that a file shall have in the end.
final class MutexedSize: Sendable {
    private let bytes = Mutex<UInt64?>(nil)

    /// Bytes; nil as long as nothing was said.
    var value: UInt64? { bytes.withLock { $0 } }

    /// Says it.
    func set(_ value: UInt64) { bytes.withLock { $0 = value } }
}
