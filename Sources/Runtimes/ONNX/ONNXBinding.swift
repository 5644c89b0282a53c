import Core

/// Gives each input of a model its tensor from what a request brought.
struct ONNXBinding: Sendable {
    let ports: [ONNXPort]

    /// One tensor for each port, in their order.
    ///
    /// - Throws: `invalidArgument` naming what was expected and received.
    func tensors(_ input: ModelInput) throws(MartletError) -> [Tensor] {
        switch input {
        case .tensors(let tensors, .named): return try named(tensors)
        case .tensors(let tensors, .columns): return try columns(tensors)
        case .tensors(let tensors, .single):
            guard tensors.count == 1, let tensor = tensors.first?.tensor else {
                throw MartletError(.invalidArgument, "One array was expected, \(tensors.count) were received.")
            }
            return [try single(tensor)]
        case .rows(let values, let count):
            guard count > 0 else { throw MartletError(.invalidArgument, "There are no rows.") }
            return [try single(Tensor(shape: [count, values.count / count], elements: values))]
        case .json(let value):
            throw MartletError(.invalidArgument, "\(expectation) is expected, but the input is \(value.kind).")
        }
    }

    private var expectation: String {
        "The model takes " + ports.map(\.words).joined(separator: ", ")
    }

    private func unknown(_ name: String) -> MartletError {
        MartletError(.invalidArgument, "The input '\(name)' is not known. \(expectation).")
    }

    private func named(_ given: [NamedTensor]) throws(MartletError) -> [Tensor] {
        var byName: [String: Tensor] = [:]
        for item in given {
            guard ports.contains(where: { $0.name == item.name }) else { throw unknown(item.name) }
            guard byName.updateValue(item.tensor, forKey: item.name) == nil else {
                throw MartletError(.invalidArgument, "The input '\(item.name)' is given twice.")
            }
        }
        var tensors: [Tensor] = []
        for port in ports {
            guard let tensor = byName[port.name] else { throw missing(port) }
            try port.check(tensor)
            tensors.append(tensor)
        }
        return tensors
    }

    private func missing(_ port: ONNXPort) -> MartletError {
        MartletError(.invalidArgument, "The input '\(port.name)' is missing. \(expectation).")
    }

    private func single(_ tensor: Tensor) throws(MartletError) -> Tensor {
        guard ports.count == 1, let port = ports.first else {
            throw MartletError(.invalidArgument, "One array was received. \(expectation).")
        }
        return try port.fitted(tensor)
    }

    /// Columns by name, one for each port; or all columns side by side as the one matrix that the model takes.
    private func columns(_ given: [NamedTensor]) throws(MartletError) -> [Tensor] {
        if ports.allSatisfy({ port in given.contains { $0.name == port.name } }) {
            if let extra = given.first(where: { column in !ports.contains { $0.name == column.name } }) {
                throw unknown(extra.name)
            }
            var tensors: [Tensor] = []
            for port in ports {
                guard let column = given.first(where: { $0.name == port.name }) else { throw missing(port) }
                tensors.append(try port.fitted(column.tensor))
            }
            return tensors
        }
        guard ports.count == 1, let port = ports.first, case .tensor(let type, let shape) = port.kind,
            shape == nil || shape?.count == 2
        else {
            if let port = ports.first(where: { port in !given.contains { $0.name == port.name } }) {
                throw missing(port)
            }
            throw MartletError(.invalidArgument, "\(given.count) columns were received. \(expectation).")
        }
        return [try port.fitted(Self.matrix(given.map(\.tensor), type))]
    }

    private static func matrix(_ columns: [Tensor], _ type: DataType) throws(MartletError) -> Tensor {
        let rows = columns.first?.count ?? 0
        guard columns.allSatisfy({ $0.count == rows }) else {
            throw MartletError(.invalidArgument, "The columns do not have the same number of rows.")
        }
        let shape = [rows, columns.count]
        if type == .bytes {
            let texts = columns.map(\.texts)
            guard texts.allSatisfy({ $0.count == rows }) else {
                throw MartletError(.invalidArgument, "The model takes text, but a column holds numbers.")
            }
            return try Tensor(shape: shape, texts: (0..<rows).flatMap { row in texts.map { $0[row] } })
        }
        var values: [[Double]] = []
        for column in columns {
            guard let numbers = column.doubles else {
                throw MartletError(.invalidArgument, "The model takes numbers, but a column holds text.")
            }
            values.append(numbers)
        }
        let flat = (0..<rows).flatMap { row in values.map { $0[row] } }
        return try Tensor(shape: shape, elements: flat).converted(to: type)
    }
}

extension ONNXPort {
    /// Throws `invalidArgument`, naming what was expected and received, unless `tensor` has this type and shape.
    func check(_ tensor: Tensor) throws(MartletError) {
        guard case .tensor(let type, let shape) = kind else {
            throw MartletError(.unimplemented, "The input '\(name)' of the ONNX model is no tensor.")
        }
        try TensorSpec(name, type, shape ?? tensor.shape).check(tensor)
    }

    /// The tensor as this input: its numbers converted, and an extent of 1 added where a column is a matrix.
    func fitted(_ tensor: Tensor) throws(MartletError) -> Tensor {
        guard case .tensor(let type, let shape) = kind else {
            throw MartletError(.unimplemented, "The input '\(name)' of the ONNX model is no tensor.")
        }
        var fitted = tensor
        if tensor.dataType != type {
            guard tensor.dataType != .bytes, type != .bytes else {
                throw MartletError(
                    .invalidArgument,
                    "The input '\(name)' has datatype \(tensor.dataType.rawValue); expected \(type.rawValue)."
                )
            }
            fitted = try tensor.converted(to: type)
        }
        if let shape, shape.count == tensor.shape.count + 1, let last = shape.last, last == 1 || last == -1 {
            fitted = try fitted.reshaped(tensor.shape + [1])
        } else if let shape, shape.count + 1 == tensor.shape.count, tensor.shape.last == 1 {
            fitted = try fitted.reshaped(tensor.shape.dropLast())
        }
        try check(fitted)
        return fitted
    }
}
