import Core
import Runtimes

/// Why a model answered as it did: what each feature added to each of the explained outputs of each row.
struct Explanation: Sendable {
    /// How the values came about.
    enum Method: Sendable, Equatable {
        /// Exact SHAP values of a tree ensemble; they add up to the margin.
        case tree
        /// SHAP values over a background sample; they add up to the output.
        case kernel(seed: UInt64, sets: Int, background: Int, errorBound: Double, isExact: Bool)
    }

    /// The version that was explained.
    let served: ServedModel
    /// Its model.
    let loaded: LoadedModel
    /// How the values came about.
    let method: Method
    /// The model's outputs, row-major.
    let outputs: [Float]
    /// Number of rows.
    let count: Int
    /// Explained outputs in a row.
    let width: Int
    /// What features add: rows × outputs × features.
    let values: [Double]
    /// What an output is before any feature is known: rows × outputs.
    let base: [Double]

    /// Base and features together: rows × outputs.
    var sums: [Double] {
        let features = loaded.inputs.count
        return base.indices.map { place in
            values[place * features..<(place + 1) * features].reduce(base[place], +)
        }
    }

    /// What the answer says of the method.
    var parameters: JSONObject {
        switch method {
        case .tree: ["method": "tree_shap", "space": "margin", "exact": true, "error_bound": 0]
        case .kernel(let seed, let sets, let background, let errorBound, let isExact):
            [
                "method": "kernel_shap", "space": "output", "exact": .bool(isExact),
                "error_bound": .number(errorBound), "seed": .int(seed), "samples": .int(sets),
                "background_rows": .int(background),
            ]
        }
    }

    /// The answer as V1 sends it.
    func json() -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + values.count * 12)
        writer.raw(#"{"model_name":"#)
        writer.string(served.deployment)
        writer.raw(#","model_version":""#)
        writer.raw(served.versionText.utf8)
        writer.raw(0x22)
        for (key, value) in parameters.pairs {
            writer.raw(0x2C)
            writer.string(key)
            writer.raw(0x3A)
            writer.value(value)
        }
        writer.raw(#","features":"#)
        writer.value(.array(loaded.inputs.map(JSONValue.string)))
        if width > 1, loaded.classes.count == width {
            writer.raw(#","classes":"#)
            writer.value(.array(loaded.classes.map(JSONValue.string)))
        }
        writer.raw(#","explanations":["#)
        let sums = sums
        for row in 0..<count {
            if row > 0 { writer.raw(0x2C) }
            writer.raw(#"{"prediction":"#)
            writer.numbers(outputs[row * loaded.outputWidth..<(row + 1) * loaded.outputWidth].map { Double($0) })
            writer.raw(#","base_value":"#)
            writer.numbers(Array(base[row * width..<(row + 1) * width]))
            writer.raw(#","sum":"#)
            writer.numbers(Array(sums[row * width..<(row + 1) * width]))
            writer.raw(#","values":"#)
            values(of: row, &writer)
            writer.raw(0x7D)
        }
        writer.raw("]}")
        return writer.bytes
    }

    private func values(of row: Int, _ writer: inout JSONWriter) {
        let features = loaded.inputs.count
        if width > 1 { writer.raw(0x5B) }
        for output in 0..<width {
            if output > 0 { writer.raw(0x2C) }
            let start = (row * width + output) * features
            writer.list(values[start..<start + features])
        }
        if width > 1 { writer.raw(0x5D) }
    }

    /// The answer as V2 tensors: `shap_values`, `base_values`, `sum` and `predict`.
    ///
    /// - Throws: `invalidArgument` for more values than a tensor holds.
    func tensors() throws(MartletError) -> [NamedTensor] {
        let rows = width > 1 ? [count, width] : [count]
        let outputs = loaded.outputWidth > 1 ? [count, loaded.outputWidth] : [count]
        return [
            NamedTensor("shap_values", try Tensor(shape: rows + [loaded.inputs.count], elements: values)),
            NamedTensor("base_values", try Tensor(shape: rows, elements: base)),
            NamedTensor("sum", try Tensor(shape: rows, elements: sums)),
            NamedTensor(V2Response.predictOutput, try Tensor(shape: outputs, elements: self.outputs)),
        ]
    }
}

extension JSONWriter {
    /// One number alone, several as an array.
    fileprivate mutating func numbers(_ values: [Double]) {
        if values.count == 1 { number(values[0]) } else { list(values[...]) }
    }

    fileprivate mutating func list(_ values: ArraySlice<Double>) {
        raw(0x5B)
        for (position, value) in values.enumerated() {
            if position > 0 { raw(0x2C) }
            number(value)
        }
        raw(0x5D)
    }
}
