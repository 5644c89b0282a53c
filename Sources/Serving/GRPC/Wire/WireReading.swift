package import Core
import HTTPSupport
import NIOCore

/// What the readers of gRPC make of bytes, for checks that compare them with other readers of the same format.
package enum WireReading {
    /// A `ModelInferRequest` as it was read.
    package struct InferRequest: Equatable {
        /// One input tensor before its values are read.
        package struct Input: Equatable {
            /// Its name.
            package let name: String
            /// Its datatype as written.
            package let datatype: String
            /// Its shape as written.
            package let shape: [Int]
        }

        /// The model that is asked.
        package let model: String
        /// Its version as written; empty for the trusted one.
        package let version: String
        /// The client's id for the request.
        package let id: String
        /// The inputs in order.
        package let inputs: [Input]
        /// The names of the outputs that are asked for.
        package let outputs: [String]
        /// The inputs' values as bytes, where they were sent so.
        package let raw: [[UInt8]]
        /// The input tensors.
        package let tensors: Result<[NamedTensor], MartletError>

        package static func == (left: InferRequest, right: InferRequest) -> Bool {
            left.model == right.model && left.version == right.version && left.id == right.id
                && left.inputs == right.inputs && left.outputs == right.outputs && left.raw == right.raw
        }
    }

    /// Reads a `ModelInferRequest`.
    ///
    /// - Throws: as the method does: `invalidArgument` for bytes that are no message, `unimplemented` for what is not
    ///   offered.
    package static func inferRequest(_ bytes: UnsafeRawBufferPointer) throws(MartletError) -> InferRequest {
        let message = try InferMessage(bytes)
        return InferRequest(
            model: message.model,
            version: message.version,
            id: message.id,
            inputs: message.inputs.map {
                InferRequest.Input(name: $0.name, datatype: $0.datatype, shape: $0.shape)
            },
            outputs: message.outputs,
            raw: message.raw.map { Array($0) },
            tensors: Result { () throws(MartletError) in try message.tensors() }
        )
    }

    /// Takes the messages out of the pieces of a call.
    ///
    /// - Parameters:
    ///   - pieces: the bytes as they come.
    ///   - isCompressed: whether the call says that its messages may be compressed with gzip.
    ///   - limit: bytes of the largest message that is taken.
    /// - Returns: the messages that are whole, and whether another one has begun.
    /// - Throws: `invalidArgument` with gRPC's message.
    package static func messages(
        _ pieces: [[UInt8]],
        isCompressed: Bool,
        limit: Int
    ) throws(MartletError) -> (messages: [[UInt8]], isComplete: Bool) {
        var framing = GRPCFraming(coding: isCompressed ? .gzip : nil, limit: limit)
        var messages: [[UInt8]] = []
        do throws(GRPCStatus) {
            for piece in pieces {
                framing.append(ByteBuffer(bytes: piece))
                while let message = try framing.next() { messages.append(Array(message.readableBytesView)) }
            }
        } catch {
            throw MartletError(.invalidArgument, error.message)
        }
        return (messages, framing.isEmpty)
    }
}
