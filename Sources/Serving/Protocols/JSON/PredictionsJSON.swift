import Core
import Runtimes

/// Writes answers as V1 and MLflow do: one element for each row where the answer has rows.
enum PredictionsJSON {
    /// Appends the value of `predictions`.
    ///
    /// A table is a list of objects; one array is nested lists; several arrays are an object, or for V1 one object for
    /// each row; other answers stand as the model gave them.
    ///
    /// - Parameters:
    ///   - response: what the model answered.
    ///   - rowWise: whether several arrays are taken apart into rows, as V1 does.
    ///   - writer: what is written to.
    /// - Throws: `invalidArgument` for texts that are not UTF-8.
    static func write(
        _ response: InferenceResponse,
        rowWise: Bool,
        to writer: inout JSONWriter
    ) throws(MartletError) {
        switch response.content {
        case .rows: writer.rows(response)
        case .json(let value): writer.value(value)
        case .tensors(let tensors, .columns): try table(tensors, &writer)
        case .tensors(let tensors, let layout):
            if let only = tensors.first, tensors.count == 1, layout == .single || rowWise {
                return try writer.nestedTensor(only.tensor, named: only.name)
            }
            let rows = Set(tensors.map { $0.tensor.shape.first ?? -1 })
            guard rowWise, rows.count == 1, rows.first != -1 else { return try arrays(tensors, &writer) }
            try table(tensors, &writer)
        }
    }

    private static func table(_ tensors: [NamedTensor], _ writer: inout JSONWriter) throws(MartletError) {
        let count = tensors.map { $0.tensor.shape.first ?? 0 }.min() ?? 0
        writer.raw(0x5B)
        for row in 0..<count {
            writer.raw(row > 0 ? 0x2C : 0x20)
            for (position, column) in tensors.enumerated() {
                writer.raw(position > 0 ? 0x2C : 0x7B)
                writer.string(column.name)
                writer.raw(0x3A)
                try writer.nestedRow(column.tensor, row, named: column.name)
            }
            writer.raw(0x7D)
        }
        writer.raw(0x5D)
    }

    private static func arrays(_ tensors: [NamedTensor], _ writer: inout JSONWriter) throws(MartletError) {
        writer.raw(0x7B)
        for (position, tensor) in tensors.enumerated() {
            if position > 0 { writer.raw(0x2C) }
            writer.string(tensor.name)
            writer.raw(0x3A)
            try writer.nestedTensor(tensor.tensor, named: tensor.name)
        }
        writer.raw(0x7D)
    }
}
