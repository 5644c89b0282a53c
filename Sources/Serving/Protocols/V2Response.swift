import Core
import Runtimes

/// Writes an Open Inference V2 answer: the JSON part and the blobs behind it.
struct V2Response {
    /// The output that every model has.
    static let predictOutput = "predict"

    /// The whole body.
    private(set) var body: [UInt8]
    /// Bytes of the JSON part; nil when there are no blobs.
    private(set) var jsonLength: Int?

    /// Writes an explanation: the tensors that were asked for, or all of them.
    ///
    /// - Throws: `invalidArgument` for an output that explanations do not have.
    init(_ explanation: Explanation, id: String, request: V2Request?) throws(MartletError) {
        var tensors = try explanation.tensors()
        if let asked = request?.asked, !asked.isEmpty {
            let all = tensors
            tensors = try asked.map { name throws(MartletError) in
                guard let tensor = all.first(where: { $0.name == name }) else {
                    throw V2Outputs.unknown(name, all.map(\.name))
                }
                return tensor
            }
        }
        var writer = JSONWriter(capacity: 256 + explanation.values.count * 12)
        var blobs: [UInt8] = []
        writer.raw(#"{"model_name":"#)
        writer.string(explanation.served.deployment)
        writer.raw(#","model_version":""#)
        writer.raw(explanation.served.versionText.utf8)
        writer.raw(#"","id":"#)
        writer.string(id)
        writer.raw(#","parameters":"#)
        var parameters = explanation.parameters
        parameters["columns"] = .string(explanation.loaded.inputs.joined(separator: ","))
        writer.value(.object(parameters))
        writer.raw(#","outputs":["#)
        let wantsBinary = request?.wantsBinary ?? true
        var hasBinary = false
        for (position, tensor) in tensors.enumerated() {
            if position > 0 { writer.raw(0x2C) }
            let wish = request?.outputs.flatMap { $0.indices.contains(position) ? $0[position].isBinary : nil }
            let isBinary = wish ?? wantsBinary
            hasBinary = hasBinary || isBinary
            try Self.write(tensor, isBinary, hasContentType: request?.contentType != nil, &writer, &blobs)
        }
        writer.raw("]}")
        body = writer.bytes
        if hasBinary {
            jsonLength = body.count
            body.append(contentsOf: blobs)
        }
    }

    /// Writes the outputs that were asked for; without a wish, those that the model gives of itself.
    ///
    /// - Parameters:
    ///   - response: what the model answered.
    ///   - id: the id as the client wrote it.
    ///   - request: what the client asked for; nil for a raw body, which is answered in kind.
    /// - Throws: `invalidArgument` for an output that the model does not have, or that JSON cannot carry.
    init(_ response: InferenceResponse, id: String, request: V2Request?) throws(MartletError) {
        var writer = JSONWriter(capacity: 192 + response.outputs.count * 12)
        var blobs: [UInt8] = []
        writer.raw(#"{"model_name":"#)
        writer.string(response.served.deployment)
        writer.raw(#","model_version":""#)
        writer.raw(response.served.versionText.utf8)
        writer.raw(#"","id":"#)
        writer.string(id)
        writer.raw(#","parameters":{"drift_detected":"#)
        writer.bool(response.driftDetected)
        if let finding = response.drift?.finding { writer.raw(finding.parameters) }
        if let type = request?.contentType {
            writer.raw(#","content_type":"#)
            writer.string(type)
        }
        writer.raw(#"},"outputs":["#)
        let asked = request?.outputs.flatMap { $0.isEmpty ? nil : $0 }
        let wantsBinary = request?.wantsBinary ?? true
        let isPlain = asked.map { $0.count == 1 && $0[0].name == Self.predictOutput && $0[0].ranked == nil } ?? true
        if isPlain, request?.contentType == nil, case .rows = response.content {
            Self.write(numbers: response, asked?[0].isBinary ?? wantsBinary, &writer, &blobs)
        } else {
            let tensors = try V2Outputs.tensors(response, asked: asked?.map(\.name))
            for (position, tensor) in tensors.enumerated() {
                if position > 0 { writer.raw(0x2C) }
                let wish = asked.flatMap { $0.indices.contains(position) ? $0[position] : nil }
                let output = try wish?.ranked.map { count throws(MartletError) in
                    try V2Outputs.ranked(tensor, count, response.loaded.classes)
                }
                try Self.write(
                    output ?? tensor,
                    wish?.isBinary ?? wantsBinary,
                    hasContentType: request?.contentType != nil,
                    &writer,
                    &blobs
                )
            }
        }
        writer.raw("]}")
        body = writer.bytes
        if !blobs.isEmpty || (asked?.contains { $0.isBinary ?? wantsBinary } ?? wantsBinary) {
            jsonLength = body.count
            body.append(contentsOf: blobs)
        }
    }

    /// One output tensor of any datatype.
    private static func write(
        _ output: NamedTensor,
        _ isBinary: Bool,
        hasContentType: Bool,
        _ writer: inout JSONWriter,
        _ blobs: inout [UInt8]
    ) throws(MartletError) {
        let tensor = output.tensor
        writer.raw(#"{"name":"#)
        writer.string(output.name)
        writer.raw(#","datatype":""#)
        writer.raw(tensor.dataType.rawValue.utf8)
        writer.raw(#"","shape":["#)
        for (position, extent) in tensor.shape.enumerated() {
            if position > 0 { writer.raw(0x2C) }
            writer.integer(Int64(extent))
        }
        writer.raw(0x5D)
        if hasContentType || isBinary {
            writer.raw(#","parameters":{"#)
            if hasContentType {
                writer.raw(#""content_type":""#)
                if tensor.dataType == .bytes { writer.raw("str") } else { writer.raw("np") }
                writer.raw(0x22)
                if isBinary { writer.raw(0x2C) }
            }
            if isBinary {
                let blob = V2Blob.bytes(tensor)
                writer.raw(#""binary_data_size":"#)
                writer.integer(Int64(blob.count))
                blobs.append(contentsOf: blob)
            }
            writer.raw(0x7D)
        }
        if !isBinary {
            guard tensor.dataType != .float16, tensor.dataType != .brain16 else {
                throw TensorJSON.notInJSON("The output", output.name, tensor.dataType)
            }
            writer.raw(#","data":"#)
            try writer.tensorData(tensor, named: output.name)
        }
        writer.raw(0x7D)
    }

    private static func write(
        numbers response: InferenceResponse,
        _ isBinary: Bool,
        _ writer: inout JSONWriter,
        _ blobs: inout [UInt8]
    ) {
        let width = response.loaded.outputWidth
        writer.raw(#"{"name":"predict","datatype":"FP32","shape":["#)
        writer.integer(Int64(response.count))
        if width > 1 {
            writer.raw(0x2C)
            writer.integer(Int64(width))
        }
        guard isBinary else {
            writer.raw(#"],"data":["#)
            for (index, value) in response.outputs.enumerated() {
                if index > 0 { writer.raw(0x2C) }
                writer.number(value)
            }
            return writer.raw("]}")
        }
        let start = blobs.count
        BinaryTensor.append(response.outputs, to: &blobs)
        endBinary(blobs.count - start, &writer)
    }

    private static func endBinary(_ size: Int, _ writer: inout JSONWriter) {
        writer.raw(#"],"parameters":{"binary_data_size":"#)
        writer.integer(Int64(size))
        writer.raw("}}")
    }
}
