import Core
import Runtimes

/// Writes an Open Inference V2 answer: the JSON part and the blobs behind it.
struct V2Response {
    /// The output that every model has.
    static let predictOutput = "predict"
    /// The output of classifiers that names the class.
    static let labelOutput = "label"

    /// The whole body.
    private(set) var body: [UInt8]
    /// Bytes of the JSON part; nil when there are no blobs.
    private(set) var jsonLength: Int?

    /// Writes the outputs that were asked for; without a wish, `predict`.
    ///
    /// - Throws: `invalidArgument` for an output that the model does not have.
    init(
        _ response: InferenceResponse,
        id: String,
        asked: [V2Request.Output]?,
        wantsBinary: Bool
    ) throws(MartletError) {
        let model = response.loaded
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
        writer.raw(#"},"outputs":["#)
        let outputs = asked.flatMap { $0.isEmpty ? nil : $0 } ?? [V2Request.Output(name: Self.predictOutput)]
        for (position, output) in outputs.enumerated() {
            if position > 0 { writer.raw(0x2C) }
            let isBinary = output.isBinary ?? wantsBinary
            switch output.name {
            case Self.predictOutput: Self.write(numbers: response, isBinary, &writer, &blobs)
            case Self.labelOutput where Self.hasLabels(model): Self.write(labels: response, isBinary, &writer, &blobs)
            default:
                let known = Self.hasLabels(model) ? "'predict' and 'label'" : "'predict'"
                throw MartletError(
                    .invalidArgument,
                    "The model has no output '\(output.name.prefix(100))'; it has \(known)."
                )
            }
        }
        writer.raw("]}")
        body = writer.bytes
        if !blobs.isEmpty {
            jsonLength = body.count
            body.append(contentsOf: blobs)
        }
    }

    /// Whether a model's answers name a class.
    static func hasLabels(_ model: LoadedModel) -> Bool {
        !model.classes.isEmpty || model.outputWidth > 1
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

    private static func write(
        labels response: InferenceResponse,
        _ isBinary: Bool,
        _ writer: inout JSONWriter,
        _ blobs: inout [UInt8]
    ) {
        let model = response.loaded
        let labels = (0..<response.count).map { model.label(of: model.answer(response.outputs, row: $0)) ?? "" }
        writer.raw(#"{"name":"label","datatype":"BYTES","shape":["#)
        writer.integer(Int64(response.count))
        guard isBinary else {
            writer.raw(#"],"data":["#)
            for (index, label) in labels.enumerated() {
                if index > 0 { writer.raw(0x2C) }
                writer.string(label)
            }
            return writer.raw("]}")
        }
        let start = blobs.count
        BinaryTensor.append(labels, to: &blobs)
        endBinary(blobs.count - start, &writer)
    }

    private static func endBinary(_ size: Int, _ writer: inout JSONWriter) {
        writer.raw(#"],"parameters":{"binary_data_size":"#)
        writer.integer(Int64(size))
        writer.raw("}}")
    }
}
