package import Core
package import Runtimes

/// What calls must have in common to run together.
package enum BatchKey: Sendable, Equatable {
    /// Rows of numbers, equally wide.
    case rows(width: Int, outputs: [String]?, parameters: JSONObject)
    /// Tensors whose first extent is the number of rows.
    case tensors([Part], TensorLayout, outputs: [String]?, parameters: JSONObject)

    /// One tensor, but for its rows.
    package struct Part: Sendable, Equatable {
        let name: String
        let dataType: DataType
        let shape: [Int]
    }

    /// The key of a call of `rows` rows; nil for one that must run alone.
    package init?(_ call: ModelCall, rows count: Int) {
        switch call.input {
        case .rows(let values, let rows):
            guard rows == count, count > 0 else { return nil }
            self = .rows(width: values.count / count, outputs: call.outputs, parameters: call.parameters)
        case .tensors(let tensors, let layout):
            guard !tensors.isEmpty, count > 0 else { return nil }
            var parts: [Part] = []
            parts.reserveCapacity(tensors.count)
            for named in tensors {
                guard named.tensor.shape.first == count else { return nil }
                parts.append(
                    Part(
                        name: named.name,
                        dataType: named.tensor.dataType,
                        shape: Array(named.tensor.shape.dropFirst())
                    )
                )
            }
            self = .tensors(parts, layout, outputs: call.outputs, parameters: call.parameters)
        case .json: return nil
        }
    }
}
