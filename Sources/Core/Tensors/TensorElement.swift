/// A Swift number that a tensor holds as it is in memory: little-endian machines only.
package protocol TensorElement: BitwiseCopyable, Sendable {
    /// The element type's name on the wire.
    static var dataType: DataType { get }
}

extension UInt8: TensorElement {
    package static var dataType: DataType { .uint8 }
}

extension UInt16: TensorElement {
    package static var dataType: DataType { .uint16 }
}

extension UInt32: TensorElement {
    package static var dataType: DataType { .uint32 }
}

extension UInt64: TensorElement {
    package static var dataType: DataType { .uint64 }
}

extension Int8: TensorElement {
    package static var dataType: DataType { .int8 }
}

extension Int16: TensorElement {
    package static var dataType: DataType { .int16 }
}

extension Int32: TensorElement {
    package static var dataType: DataType { .int32 }
}

extension Int64: TensorElement {
    package static var dataType: DataType { .int64 }
}

extension Float: TensorElement {
    package static var dataType: DataType { .float32 }
}

extension Double: TensorElement {
    package static var dataType: DataType { .float64 }
}
