/// A dense array of any rank, row-major, whose shape is known to match its elements.
package struct Tensor: Sendable, Equatable {
    /// The elements in row-major order, by type.
    package enum Elements: Sendable, Equatable {
        case bool([Bool])
        case int32([Int32])
        case int64([Int64])
        case float32([Float])
        case float64([Double])
        case string([String])

        /// How many elements there are.
        package var count: Int {
            switch self {
            case .bool(let values): values.count
            case .int32(let values): values.count
            case .int64(let values): values.count
            case .float32(let values): values.count
            case .float64(let values): values.count
            case .string(let values): values.count
            }
        }

        /// The element type's name on the wire.
        package var dataType: DataType {
            switch self {
            case .bool: .bool
            case .int32: .int32
            case .int64: .int64
            case .float32: .float32
            case .float64: .float64
            case .string: .bytes
            }
        }
    }

    /// Extent of each dimension; empty for a scalar.
    package let shape: [Int]
    /// The elements in row-major order.
    package let elements: Elements

    /// Makes a tensor.
    ///
    /// - Throws: `invalidArgument` when the shape is negative, too large or does not match the number of elements.
    package init(shape: [Int], elements: Elements) throws(MartletError) {
        let expected = try Tensor.elementCount(of: shape)
        guard expected == elements.count else {
            throw MartletError(
                .invalidArgument,
                "Shape \(shape) asks for \(expected) elements, but \(elements.count) were given."
            )
        }
        self.shape = shape
        self.elements = elements
    }

    /// The product of a shape's extents.
    ///
    /// - Throws: `invalidArgument` on a negative extent, too many dimensions or more than `CoreLimits.tensorElements`.
    package static func elementCount(of shape: [Int]) throws(MartletError) -> Int {
        guard shape.count <= CoreLimits.tensorRank else {
            throw MartletError(
                .invalidArgument,
                "A shape has at most \(CoreLimits.tensorRank) dimensions, not \(shape.count)."
            )
        }
        var product = 1
        for extent in shape {
            guard extent >= 0 else {
                throw MartletError(.invalidArgument, "Shape \(shape) has a negative extent.")
            }
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            guard !overflow, next <= CoreLimits.tensorElements else {
                throw MartletError(
                    .invalidArgument,
                    "Shape \(shape) asks for more than \(CoreLimits.tensorElements) elements."
                )
            }
            product = next
        }
        return product
    }

    /// The elements as 32-bit floats; nil for text.
    package var floats: [Float]? {
        switch elements {
        case .bool(let values): values.map { $0 ? 1 : 0 }
        case .int32(let values): values.map { Float($0) }
        case .int64(let values): values.map { Float($0) }
        case .float32(let values): values
        case .float64(let values): values.map { Float($0) }
        case .string: nil
        }
    }
}
