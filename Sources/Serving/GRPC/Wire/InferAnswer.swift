import Core
import NIOCore

/// Writes a `ModelInferResponse`, straight from tensors to bytes.
enum InferAnswer {
    /// Appends an answer to `buffer`.
    ///
    /// - Parameters:
    ///   - response: what the data plane answered.
    ///   - id: the request's id.
    ///   - tensors: the outputs in the order of the answer.
    ///   - isRaw: whether the tensors are bytes; datatypes without typed contents make them so anyway.
    ///   - buffer: what goes before the message on the wire.
    /// - Returns: `buffer` with the message behind it.
    static func write(
        _ response: InferenceResponse,
        id: String,
        tensors: [NamedTensor],
        isRaw: Bool,
        to buffer: ByteBuffer
    ) -> ByteBuffer {
        let isRaw = isRaw || tensors.contains { $0.tensor.dataType == .float16 || $0.tensor.dataType == .brain16 }
        var writer = WireWriter(buffer)
        writer.text(1, response.served.deployment)
        writer.text(2, response.served.versionText)
        writer.text(3, id)
        writer.bytes(4, response.driftDetected ? drifting : steady)
        for output in tensors {
            var inner = WireWriter(ByteBuffer())
            inner.text(1, output.name)
            inner.text(2, output.tensor.dataType.rawValue)
            if !output.tensor.shape.isEmpty {
                inner.header(3, length: output.tensor.shape.reduce(0) { $0 + WireWriter.size(UInt64($1)) })
                for extent in output.tensor.shape { inner.varint(UInt64(extent)) }
            }
            if !isRaw { TypedContents.write(output.tensor, field: 5, to: &inner) }
            writer.message(5, inner.buffer)
        }
        if isRaw {
            for output in tensors { writer.bytes(6, V2Blob.bytes(output.tensor)) }
        }
        return writer.buffer
    }

    /// The map entry `drift_detected`.
    private static let steady = parameter("drift_detected", false)
    private static let drifting = parameter("drift_detected", true)

    private static func parameter(_ name: String, _ value: Bool) -> [UInt8] {
        var writer = WireWriter(ByteBuffer())
        writer.text(1, name)
        // `bool_param` is written even when false: the choice is what tells that there is a value.
        writer.bytes(2, [1 << 3, value ? 1 : 0])
        return Array(writer.buffer.readableBytesView)
    }
}
