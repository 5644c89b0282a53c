package import Core

/// Translates calls and answers into frames and back.
package enum WorkerCoding {
    /// The bytes of a call's frame.
    ///
    /// - Throws: `payloadTooLarge` past a limit of `WorkerLimits`.
    package static func frame(of call: ModelCall, id: UInt64) throws(MartletError) -> [UInt8] {
        var header = JSONWriter(capacity: 512)
        var document: [UInt8] = []
        var tensors: [NamedTensor] = []
        var rows: [Float] = []
        header.raw("{\"layout\":")
        switch call.input {
        case .rows(let values, let count):
            rows = values
            header.raw("\"rows\",\"shape\":[\(count),\(count > 0 ? values.count / count : 0)]".utf8)
        case .tensors(let named, let layout):
            tensors = named
            header.string(layout.rawValue)
            try describe(named, in: &header)
        case .json(let value):
            header.string("json")
            document = value.serialized()
        }
        if !call.parameters.isEmpty {
            header.raw(",\"params\":")
            header.value(.object(call.parameters))
        }
        header.raw(0x7D)
        let size = tensors.reduce(document.count + rows.count * 4) { $0 + bytes(of: $1.tensor) }
        guard header.bytes.count <= WorkerLimits.headerBytes, size <= WorkerLimits.bodyBytes else {
            throw MartletError(
                .payloadTooLarge,
                "The call has \(size) bytes; a model in Python takes at most \(WorkerLimits.bodyBytes) at a time."
            )
        }
        var frame: [UInt8] = []
        frame.reserveCapacity(WorkerFrame.preludeBytes + header.bytes.count + size)
        WorkerFrame.Prelude(kind: .call, id: id, headerBytes: header.bytes.count, bodyBytes: size).append(to: &frame)
        frame += header.bytes
        frame += document
        rows.withUnsafeBytes { frame += $0 }
        for named in tensors { append(named.tensor, to: &frame) }
        return frame
    }

    private static func describe(_ tensors: [NamedTensor], in header: inout JSONWriter) throws(MartletError) {
        guard tensors.count <= WorkerLimits.tensors else {
            throw MartletError(.payloadTooLarge, "The call has more than \(WorkerLimits.tensors) tensors.")
        }
        header.raw(",\"tensors\":[")
        for (position, named) in tensors.enumerated() {
            if position > 0 { header.raw(0x2C) }
            header.raw("{\"name\":")
            header.string(named.name)
            header.raw(",\"datatype\":")
            header.string(named.tensor.dataType.rawValue)
            header.raw(",\"shape\":[")
            for (axis, extent) in named.tensor.shape.enumerated() {
                if axis > 0 { header.raw(0x2C) }
                header.integer(Int64(extent))
            }
            header.raw("],\"bytes\":")
            header.integer(Int64(bytes(of: named.tensor)))
            header.raw(0x7D)
        }
        header.raw(0x5D)
    }

    private static func bytes(of tensor: Tensor) -> Int {
        switch tensor.storage {
        case .packed(let bytes): bytes.count
        case .texts(let texts): texts.reduce(0) { $0 + 4 + $1.count }
        }
    }

    private static func append(_ tensor: Tensor, to frame: inout [UInt8]) {
        switch tensor.storage {
        case .packed(let bytes): frame += bytes
        case .texts(let texts):
            for text in texts {
                withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.count).littleEndian) { frame += $0 }
                frame += text
            }
        }
    }
}
