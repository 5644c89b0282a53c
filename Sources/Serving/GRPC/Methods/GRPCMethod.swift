import Core
import NIOCore
import SwiftProtobuf

/// A method of a service, from the bytes of its messages to the bytes of its answers.
///
/// A body appends its answer to the buffer that it is given, which holds what goes before the message on the wire.
enum GRPCMethod: Sendable {
    /// One message, one answer.
    typealias Unary =
        @Sendable (_ message: ByteBuffer, _ call: GRPCCall, _ answer: ByteBuffer) async throws -> ByteBuffer
    /// One message, answered at once on the event loop; nil when that cannot be and the unary body must do it.
    typealias Immediate =
        @Sendable (_ message: ByteBuffer, _ call: GRPCCall, _ answer: ByteBuffer) throws -> ByteBuffer?
    /// Many messages, many answers.
    typealias Streaming =
        @Sendable (_ messages: GRPCMessages, _ call: GRPCCall, _ answers: GRPCAnswers) async throws -> Void

    case unary(Unary)
    case immediate(Immediate, otherwise: Unary)
    case streaming(Streaming)

    /// The method, but for a server that does not answer for the caller's models now.
    ///
    /// - Parameter isOpen: asked where the method is open to everybody, so that there is no caller.
    /// - Returns: the method that refuses then.
    func refused(unless isOpen: @escaping @Sendable () -> Bool) -> GRPCMethod {
        let closed = MartletError(
            .unavailable,
            "This server follows: another server on the same database answers for models. Call that one."
        )
        switch self {
        case .unary(let body):
            return .unary { message, call, answer in
                guard call.tenant?.isOpen ?? isOpen() else { throw closed }
                return try await body(message, call, answer)
            }
        case .immediate(let body, let otherwise):
            return .immediate(
                { message, call, answer in
                    guard call.tenant?.isOpen ?? isOpen() else { throw closed }
                    return try body(message, call, answer)
                },
                otherwise: otherwise
            )
        case .streaming(let body):
            return .streaming { messages, call, answers in
                guard call.tenant?.isOpen ?? isOpen() else { throw closed }
                try await body(messages, call, answers)
            }
        }
    }

    /// A unary method over generated messages.
    static func messages<Request: Message, Answer: Message>(
        _ body: @escaping @Sendable (Request, GRPCCall) async throws -> Answer
    ) -> GRPCMethod {
        .unary { message, call, buffer in
            let request: Request = try decode(message)
            var buffer = buffer
            buffer.writeBytes(try encode(try await body(request, call)))
            return buffer
        }
    }

    /// Reads a generated message.
    ///
    /// - Throws: `invalidArgument` for bytes that are no such message, or one that nests too deep.
    static func decode<Request: Message>(_ bytes: ByteBuffer) throws(MartletError) -> Request {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = ServingLimits.grpcMessageDepth
        options.discardUnknownFields = true
        do {
            return try Request(serializedBytes: Array(bytes.readableBytesView), extensions: nil, options: options)
        } catch {
            throw WireReader.broken
        }
    }

    /// Writes a generated message.
    static func encode(_ message: some Message) throws(MartletError) -> [UInt8] {
        do {
            return try message.serializedBytes()
        } catch {
            throw MartletError(.internal, "The answer could not be written as a message.", cause: error)
        }
    }
}
