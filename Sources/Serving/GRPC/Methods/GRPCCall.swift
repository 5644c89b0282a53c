import Core
import NIOCore
import NIOHPACK

/// What a method knows of its call beside the message.
struct GRPCCall: Sendable {
    /// The method's path, such as `/inference.GRPCInferenceService/ModelInfer`.
    let path: String
    /// When the client gives up, in `Clock.monotonicNanoseconds`; nil for never.
    let deadline: UInt64?
    /// The client's metadata.
    let headers: HPACKHeaders
    /// `x-request-id`, as HTTP's header of that name.
    let requestID: String?
    /// What is said of the call when it has ended; nil for nothing.
    let trace: RequestTrace?
}

/// The messages of a call in their order.
struct GRPCMessages: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// The messages as they come.
    let base: AsyncThrowingStream<ByteBuffer, any Error>
    /// Hears how many bytes were taken, so that the client may send more.
    let taken: @Sendable (Int) -> Void

    /// Takes message by message.
    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: AsyncThrowingStream<ByteBuffer, any Error>.AsyncIterator
        fileprivate let taken: @Sendable (Int) -> Void

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            guard let message = try await base.next(isolation: actor) else { return nil }
            taken(message.readableBytes)
            return message
        }

        mutating func next() async throws -> ByteBuffer? { try await next(isolation: #isolation) }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), taken: taken)
    }
}

/// Where the answers of a streaming call go.
struct GRPCAnswers: Sendable {
    /// Sends an answer; returns when the client has room for the next one.
    let send: @Sendable (ByteBuffer) async throws -> Void
}
