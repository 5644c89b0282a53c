import CHost
import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Wakes a thread that waits in `poll`.
final class WorkerWake: Sendable {
    /// What the thread waits for.
    let waiting: Int32
    private let calling: Int32

    /// - Throws: `resourceExhausted` without descriptors.
    init() throws(MartletError) {
        var pair: [Int32] = [-1, -1]
        guard martlet_socket_pair(&pair) == 0 else {
            throw MartletError(.resourceExhausted, "The model's workers need file descriptors, and none is free.")
        }
        waiting = pair[0]
        calling = pair[1]
    }

    deinit {
        close(waiting)
        close(calling)
    }

    /// Wakes the thread.
    func call() {
        var byte: UInt8 = 1
        // A full buffer means that the thread will wake anyway.
        _ = martlet_send_some(calling, &byte, 1)
    }

    /// Forgets the calls so far.
    func clear(_ buffer: UnsafeMutableRawBufferPointer) {
        while martlet_receive_some(waiting, buffer.baseAddress, buffer.count) > 0 {}
    }
}
