import Core

/// What reaches the driver of one run, in order.
///
/// Bounded by what can be under way: one end an attempt, one timer, and requests that do not repeat.
struct RunMailbox: Sendable {
    /// One thing that reached the driver.
    enum Message: Sendable {
        case cancel
        case leaseLost
        case tick(Timestamp)
        case ended(task: String, attempt: Int, TaskOutcome)
    }

    let messages: AsyncStream<Message>
    private let continuation: AsyncStream<Message>.Continuation

    init() {
        (messages, continuation) = AsyncStream<Message>.makeStream()
    }

    func send(_ message: Message) {
        continuation.yield(message)
    }

    func close() {
        continuation.finish()
    }
}
