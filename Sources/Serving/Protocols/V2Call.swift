import Core
import Runtimes

/// A V2 request as a model understands it.
struct V2Call {
    /// What the client wrote; nil when the body is nothing but the one input's bytes.
    let request: V2Request?
    /// What the model shall see.
    let input: ModelInput
    /// Number of rows.
    let count: Int

    /// Reads a body: the JSON part and the blobs behind it, or, with a length of 0, one input's bytes alone.
    ///
    /// - Parameters:
    ///   - bytes: the body.
    ///   - jsonLength: bytes of the JSON part; nil when the whole body is JSON.
    ///   - model: the model that shall see it.
    ///   - explains: whether the outputs that are asked for are an explanation's, not the model's.
    /// - Throws: `invalidArgument` naming what does not fit.
    init(
        _ bytes: UnsafeBufferPointer<UInt8>,
        jsonLength: Int?,
        _ model: LoadedModel,
        explains: Bool = false
    ) throws(MartletError) {
        let length = jsonLength ?? bytes.count
        guard length <= bytes.count else {
            throw MartletError(
                .invalidArgument,
                "Inference-Header-Content-Length is \(length), but the body has \(bytes.count) bytes."
            )
        }
        guard length > 0 || jsonLength == nil else {
            request = nil
            let tensor = try V2Request.raw(bytes, V2Outputs.inputSpecs(model))
            (input, count) = try V2Tensors.input([tensor], for: model)
            return
        }
        let json = UnsafeBufferPointer(rebasing: bytes[..<length])
        let blobs = UnsafeBufferPointer(rebasing: bytes[length...])
        let request = try V2Request(json, readsNumbers: model.rows != nil)
        let names = request.inputs.map(\.name)
        if explains || V2Tensors.takesRows(request.asked, inputs: names, model) {
            let rows = try request.rows(model, blobs: blobs)
            self.request = request
            input = .rows(rows.values, count: rows.count)
            count = rows.count
            return
        }
        // A model of rows is asked for tensors of its own here, so the numbers are wanted in their datatypes.
        let typed = model.rows == nil ? request : try V2Request(json, readsNumbers: false)
        self.request = typed
        (input, count) = try V2Tensors.input(
            try typed.tensors(json, blobs: blobs),
            asked: typed.asked,
            contentType: typed.contentType,
            for: model
        )
    }

    /// The parameters that the model's signature names, with the defaults of the others.
    ///
    /// - Throws: `invalidArgument` for a value that the signature does not allow.
    func parameters(_ model: LoadedModel) throws(MartletError) -> JSONObject {
        let specs = model.signature.params
        guard !specs.isEmpty else { return [:] }
        let given = request?.parameters ?? [:]
        return try model.signature.parameters(
            from: JSONObject(specs.compactMap { spec in given[spec.name].map { (spec.name, $0) } })
        )
    }
}
