/// A dense array of any rank, row-major, whose shape is known to match its elements.
///
/// Elements of a fixed size are kept as they travel: little-endian, without padding. So a tensor passes from a socket
/// to a model library and back without being taken apart.
package struct Tensor: Sendable, Equatable {
    /// The elements in row-major order.
    package enum Storage: Sendable, Equatable {
        /// Elements of a fixed size, little-endian, side by side.
        case packed([UInt8])
        /// The elements of a `BYTES` tensor.
        case texts([[UInt8]])
    }

    /// What an element is.
    package let dataType: DataType
    /// Extent of each dimension; empty for a scalar.
    package let shape: [Int]
    /// The elements in row-major order.
    package let storage: Storage

    /// Makes a tensor of elements of a fixed size from their bytes.
    ///
    /// - Throws: `invalidArgument` when the shape is negative, too large or does not match the number of bytes.
    package init(_ dataType: DataType, shape: [Int], packed bytes: [UInt8]) throws(MartletError) {
        guard let size = dataType.size else {
            throw MartletError(.invalidArgument, "A BYTES tensor is made of texts, not of packed bytes.")
        }
        let count = try Tensor.elementCount(of: shape)
        let (expected, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, expected == bytes.count else {
            throw MartletError(
                .invalidArgument,
                "Shape \(shape) of \(dataType.rawValue) asks for \(overflow ? "too many" : "\(expected)") bytes, but "
                    + "\(bytes.count) were given."
            )
        }
        self.dataType = dataType
        self.shape = shape
        storage = .packed(bytes)
    }

    /// Makes a `BYTES` tensor.
    ///
    /// - Throws: `invalidArgument` when the shape is negative, too large or does not match the number of elements.
    package init(shape: [Int], texts: [[UInt8]]) throws(MartletError) {
        try Tensor.check(shape, holds: texts.count)
        dataType = .bytes
        self.shape = shape
        storage = .texts(texts)
    }

    /// Makes a `BYTES` tensor of texts in UTF-8.
    ///
    /// - Throws: `invalidArgument` when the shape is negative, too large or does not match the number of elements.
    package init(shape: [Int], strings: [String]) throws(MartletError) {
        try self.init(shape: shape, texts: strings.map { Array($0.utf8) })
    }

    /// Makes a tensor of numbers.
    ///
    /// - Throws: `invalidArgument` when the shape is negative, too large or does not match the number of elements.
    package init<Element: TensorElement>(shape: [Int], elements: [Element]) throws(MartletError) {
        try Tensor.check(shape, holds: elements.count)
        dataType = Element.dataType
        self.shape = shape
        storage = .packed(elements.withUnsafeBytes { Array($0) })
    }

    private static func check(_ shape: [Int], holds count: Int) throws(MartletError) {
        let expected = try elementCount(of: shape)
        guard expected == count else {
            throw MartletError(
                .invalidArgument,
                "Shape \(shape) asks for \(expected) elements, but \(count) were given."
            )
        }
    }

    /// The number of elements.
    package var count: Int {
        switch storage {
        case .packed(let bytes): bytes.count / max(1, dataType.size ?? 1)
        case .texts(let texts): texts.count
        }
    }

    /// The bytes of the elements as they travel; empty for `BYTES`.
    package var packed: [UInt8] {
        if case .packed(let bytes) = storage { bytes } else { [] }
    }

    /// The elements of a `BYTES` tensor; empty for numbers.
    package var texts: [[UInt8]] {
        if case .texts(let texts) = storage { texts } else { [] }
    }

    /// The elements as one Swift type; nil when the tensor is of another.
    package func elements<Element: TensorElement>(_ type: Element.Type = Element.self) -> [Element]? {
        guard type.dataType == dataType, case .packed(let bytes) = storage else { return nil }
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
            initialized = bytes.count / MemoryLayout<Element>.stride
        }
    }

    /// The same elements in another shape.
    ///
    /// - Throws: `invalidArgument` when the shape asks for another number of elements.
    package func reshaped(_ shape: [Int]) throws(MartletError) -> Tensor {
        switch storage {
        case .packed(let bytes): try Tensor(dataType, shape: shape, packed: bytes)
        case .texts(let texts): try Tensor(shape: shape, texts: texts)
        }
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
}
