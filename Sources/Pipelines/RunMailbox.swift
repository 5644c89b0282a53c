import Core
import Synchronization

/// What reaches the driver of one run, in order, taken in batches: what came while one batch was recorded is the next.
///
/// Bounded by what can be under way: one end an attempt, one timer, one grant a waiting task, and requests that do not
/// repeat.
final class RunMailbox: Sendable {
    /// One thing that reached the driver.
    enum Message: Sendable {
        case cancel
        case leaseLost
        case tick(Timestamp)
        case granted(task: String)
        case ended(task: String, attempt: Int, TaskOutcome)
    }

    /// Says that there are messages; one signal may stand for many.
    let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let waiting = Mutex<[Message]>([])

    init() {
        (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func send(_ message: Message) {
        waiting.withLock { $0.append(message) }
        continuation.yield()
    }

    /// Everything that came since the last call.
    func take() -> [Message] {
        waiting.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }

    func close() {
        continuation.finish()
    }
}
