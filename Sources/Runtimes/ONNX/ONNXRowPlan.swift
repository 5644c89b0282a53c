import Core

/// How rows of numbers become the inputs of an ONNX model, and its outputs rows of numbers.
struct ONNXRowPlan: Sendable {
    /// What the rows become.
    enum Inputs: Sendable {
        /// One matrix, a column for each feature.
        case matrix(DataType)
        /// One tensor for each feature, of one or two dimensions.
        case columns([(type: DataType, rank: Int)])
    }

    let inputs: Inputs
    let featureCount: Int
    /// Whether the model takes one row at a time.
    let isSingle: Bool
    /// The output that is the prediction.
    let output: Int

    /// The plan for a model that takes one matrix of numbers, or a column of numbers for each feature; nil for others.
    init?(_ graph: ONNXGraph) {
        guard let output = Self.prediction(graph.outputs) else { return nil }
        self.output = output
        if graph.inputs.count == 1, case .tensor(let type, let shape?) = graph.inputs[0].kind,
            shape.count == 2, shape[1] > 0, shape[1] <= RuntimesLimits.features, shape[0] <= 1, Self.takes(type)
        {
            inputs = .matrix(type)
            featureCount = shape[1]
            isSingle = shape[0] == 1
            return
        }
        var columns: [(type: DataType, rank: Int)] = []
        for port in graph.inputs {
            guard case .tensor(let type, let shape?) = port.kind, Self.takes(type), shape.first == -1,
                shape.count == 1 || shape.count == 2 && shape[1] == 1
            else { return nil }
            columns.append((type, shape.count))
        }
        guard columns.count > 1 || columns.first?.rank == 1 else { return nil }
        inputs = .columns(columns)
        featureCount = columns.count
        isSingle = false
    }

    /// Numbers that a row of 32-bit floats gives without loss of what matters.
    private static func takes(_ type: DataType) -> Bool {
        switch type {
        case .float32, .float64, .float16, .int64, .int32, .bool: true
        default: false
        }
    }

    /// Of a classifier's outputs the probabilities, which come last; else the last numbers.
    private static func prediction(_ outputs: [ONNXPort]) -> Int? {
        if let labelled = outputs.firstIndex(where: { $0.kind == .labelled }) { return labelled }
        func last(_ types: [DataType]) -> Int? {
            outputs.lastIndex { port in
                guard case .tensor(let type, let shape) = port.kind, types.contains(type) else { return false }
                return shape == nil || shape?.count == 1 || shape?.count == 2
            }
        }
        return last([.float32, .float64, .float16]) ?? last([.int64, .int32, .bool])
    }

    /// The model's inputs for `count` rows.
    func tensors(_ rows: UnsafeBufferPointer<Float>, count: Int) throws(MartletError) -> [Tensor] {
        switch inputs {
        case .matrix(let type):
            return [try Tensor(shape: [count, featureCount], elements: Array(rows)).converted(to: type)]
        case .columns(let columns):
            var tensors: [Tensor] = []
            for (position, column) in columns.enumerated() {
                let values = (0..<count).map { rows[$0 * featureCount + position] }
                let shape = column.rank == 1 ? [count] : [count, 1]
                tensors.append(try Tensor(shape: shape, elements: values).converted(to: column.type))
            }
            return tensors
        }
    }
}
