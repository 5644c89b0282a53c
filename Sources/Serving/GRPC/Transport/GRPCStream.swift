import Core
import NIOCore
import NIOHTTP2

/// One call on a connection; it belongs to the connection's event loop.
final class GRPCStream {
    /// What the call asks for.
    let method: GRPCMethod
    /// What the method knows of the call.
    let call: GRPCCall
    /// The bytes that come.
    var framing: GRPCFraming
    /// The message of a unary call.
    var message: ByteBuffer?
    /// Where messages of a streaming call go.
    var messages: AsyncThrowingStream<ByteBuffer, any Error>.Continuation?
    /// Bytes of messages that the streaming method has not taken yet.
    var untaken = 0
    /// What works on the call.
    var task: Task<Void, Never>?
    /// Ends the call at its deadline.
    var timer: Scheduled<Void>?
    /// Whether the answer's headers are out.
    var hasHead = false
    /// Whether the client has sent all.
    var isComplete = false
    /// Bytes that the client may still send on this stream.
    var window: Int
    /// Bytes of the budget that the call holds.
    var reserved = 0
    /// When bytes came last, in `Clock.monotonicNanoseconds`.
    var lastBytes: UInt64

    init(method: GRPCMethod, call: GRPCCall, framing: GRPCFraming, window: Int, now: UInt64) {
        self.method = method
        self.call = call
        self.framing = framing
        self.window = window
        lastBytes = now
    }

    /// Whether the call takes more than one message.
    var isStreaming: Bool {
        if case .streaming = method { true } else { false }
    }

    /// Ends whatever works on the call.
    func cancel() {
        timer?.cancel()
        messages?.finish(throwing: CancellationError())
        task?.cancel()
    }
}
