extension Tensor {
    /// The same values as elements of another type.
    ///
    /// Fractions are rounded to the nearest number of a smaller floating-point type; whole numbers and truth values
    /// must be held exactly.
    ///
    /// - Throws: `invalidArgument` for text where numbers are meant and the other way round, and for a number that the
    ///   type does not hold.
    package func converted(to target: DataType) throws(MartletError) -> Tensor {
        guard target != dataType else { return self }
        guard target != .bytes, dataType != .bytes else {
            throw MartletError(.invalidArgument, "\(dataType.rawValue) does not turn into \(target.rawValue).")
        }
        switch target {
        case .float32: return try Tensor(shape: shape, elements: floats ?? [])
        case .float64: return try Tensor(shape: shape, elements: doubles ?? [])
        case .float16: return try bits { HalfPrecision.half($0) }.retyped(.float16)
        case .brain16: return try bits { BrainPrecision.brain($0) }.retyped(.brain16)
        case .int8: return try Tensor(shape: shape, elements: whole(Int8.self))
        case .int16: return try Tensor(shape: shape, elements: whole(Int16.self))
        case .int32: return try Tensor(shape: shape, elements: whole(Int32.self))
        case .int64: return try Tensor(shape: shape, elements: whole(Int64.self))
        case .uint8: return try Tensor(shape: shape, elements: whole(UInt8.self))
        case .uint16: return try Tensor(shape: shape, elements: whole(UInt16.self))
        case .uint32: return try Tensor(shape: shape, elements: whole(UInt32.self))
        case .uint64: return try Tensor(shape: shape, elements: whole(UInt64.self))
        case .bool:
            let values = try whole(UInt8.self)
            guard values.allSatisfy({ $0 < 2 }) else {
                throw MartletError(.invalidArgument, "Only 0 and 1 turn into BOOL.")
            }
            return try Tensor(shape: shape, elements: values).retyped(.bool)
        case .bytes: return self
        }
    }

    private func bits(_ convert: (Float) -> UInt16) throws(MartletError) -> Tensor {
        try Tensor(shape: shape, elements: (floats ?? []).map(convert))
    }

    private func retyped(_ dataType: DataType) throws(MartletError) -> Tensor {
        try Tensor(dataType, shape: shape, packed: packed)
    }

    private func whole<Result: FixedWidthInteger>(_ type: Result.Type) throws(MartletError) -> [Result] {
        var values: [Result] = []
        values.reserveCapacity(count)
        func take(_ value: Result?, _ text: @autoclosure () -> String) throws(MartletError) {
            guard let value else {
                throw MartletError(
                    .invalidArgument,
                    "\(text()) is no whole number between \(Result.min) and \(Result.max)."
                )
            }
            values.append(value)
        }
        switch dataType {
        case .int64: for value in elements(Int64.self) ?? [] { try take(Result(exactly: value), "\(value)") }
        case .uint64: for value in elements(UInt64.self) ?? [] { try take(Result(exactly: value), "\(value)") }
        default: for value in doubles ?? [] { try take(Result(exactly: value), "\(value)") }
        }
        return values
    }
}

extension HalfPrecision {
    /// The binary16 nearest to a binary32, ties to even; what is too large becomes infinite.
    package static func half(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        guard !value.isNaN else { return sign | 0x7E00 }
        let magnitude = value.magnitude
        guard magnitude < 65520 else { return sign | 0x7C00 }
        // Below the least normal number the steps are 2^-24.
        guard magnitude >= 0x1p-14 else {
            return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
        }
        let shifted = (bits & 0x7FFF_FFFF) &- (112 << 23)
        let rounded = shifted &+ 0xFFF &+ ((shifted >> 13) & 1)
        return sign | UInt16(truncatingIfNeeded: rounded >> 13)
    }
}

/// Brain floating-point numbers (the upper half of binary32) as bit patterns.
package enum BrainPrecision {
    /// The number nearest to a binary32, ties to even.
    package static func brain(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        guard !value.isNaN else { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }
}
