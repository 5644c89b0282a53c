import Core

/// The answer of MLflow's scoring server.
enum InvocationsAnswer {
    /// `{"predictions": …}`; for a request in the unified LLM form the model's own answer without a wrapping.
    ///
    /// - Throws: `invalidArgument` for texts that are not UTF-8.
    static func write(_ response: InferenceResponse, isWrapped: Bool = true) throws(MartletError) -> [UInt8] {
        var writer = JSONWriter(capacity: 32 + response.outputs.count * 12)
        if isWrapped { writer.raw(#"{"predictions":"#) }
        try PredictionsJSON.write(response, rowWise: false, to: &writer)
        if isWrapped { writer.raw(0x7D) }
        return writer.bytes
    }
}
