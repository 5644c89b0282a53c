/// Lets one operation of an actor finish, waits included, before the next begins.
///
/// An actor alone lets another call in at every `await`; a monitor's change must be stored before the next one is computed.
/// Only the owning actor touches it, which is why it needs no lock.
struct SerialGate {
    private var isHeld = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Takes the gate when it is free.
    mutating func tryEnter() -> Bool {
        guard !isHeld else { return false }
        isHeld = true
        return true
    }

    /// Queues behind the holder, who hands the gate over.
    mutating func enqueue(_ continuation: CheckedContinuation<Void, Never>) {
        waiting.append(continuation)
    }

    /// Hands the gate to the first who waits, or frees it.
    mutating func leave() {
        guard !waiting.isEmpty else {
            isHeld = false
            return
        }
        waiting.removeFirst().resume()
    }
}
