/// What a model says of one of its tensors (Open Inference V2, "Model Metadata Response").
package struct TensorSpec: Sendable, Equatable {
    /// The tensor's name.
    package let name: String
    /// What an element is.
    package let dataType: DataType
    /// Extent of each dimension; -1 where any extent will do.
    package let shape: [Int]

    /// Makes a description.
    package init(_ name: String, _ dataType: DataType, _ shape: [Int]) {
        self.name = name
        self.dataType = dataType
        self.shape = shape
    }

    /// Throws `invalidArgument`, naming what was expected and received, unless `tensor` has this type and shape.
    package func check(_ tensor: Tensor) throws(MartletError) {
        guard tensor.dataType == dataType else {
            throw MartletError(
                .invalidArgument,
                "The input '\(name)' has datatype \(tensor.dataType.rawValue); expected \(dataType.rawValue)."
            )
        }
        let fits =
            tensor.shape.count == shape.count
            && zip(tensor.shape, shape).allSatisfy { given, expected in expected < 0 || given == expected }
        guard fits else {
            throw MartletError(
                .invalidArgument,
                "The input '\(name)' has shape \(tensor.shape); expected \(shape), where -1 is any extent."
            )
        }
    }
}

/// A tensor and its name.
package struct NamedTensor: Sendable, Equatable {
    /// The tensor's name; empty for an array that has none.
    package let name: String
    /// The values.
    package let tensor: Tensor

    /// Names a tensor.
    package init(_ name: String, _ tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}
