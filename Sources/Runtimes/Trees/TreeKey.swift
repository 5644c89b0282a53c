/// Floats as unsigned integers of the same order, so that a comparison is one instruction and missing values, negative
/// zero and "less or equal" need no second one.
enum TreeKey {
    /// Below the key of every number.
    static let below: UInt32 = 0
    /// Above the key of every number and every threshold.
    static let above: UInt32 = .max

    /// The key of a number that is not NaN; both zeros have one.
    @inline(__always)
    static func of(_ value: Float) -> UInt32 {
        let bits = (value + 0).bitPattern
        return bits ^ (UInt32(bitPattern: Int32(bitPattern: bits) >> 31) | 0x8000_0000)
    }

    /// The threshold with which `key < threshold` says `value < limit`.
    static func less(than limit: Float) -> UInt32 {
        of(limit)
    }

    /// The threshold with which `key < threshold` says `value <= limit`.
    static func atMost(_ limit: Float) -> UInt32 {
        of(limit) + 1
    }

    /// The threshold with which `key < threshold` says `Double(value) <= limit`, exactly.
    static func atMost(_ limit: Double) -> UInt32 {
        let rounded = Float(limit)
        return atMost(Double(rounded) > limit ? rounded.nextDown : rounded)
    }

    /// The key of a category that is in no set, and of a missing one that goes right.
    static let noCategory: UInt32 = .max - 1
    /// The key of a missing category that goes left.
    static let everyCategory: UInt32 = .max
}

/// One key of a row: how a feature is looked at, and where a missing value goes.
struct TreeSlot: Hashable {
    /// How a feature's number becomes a key.
    enum Use: UInt8 {
        /// By order; NaN is missing.
        case number
        /// By order; NaN and what LightGBM calls zero are missing.
        case numberMissingZero
        /// As XGBoost's category: cut to an integer; negative and huge ones are in no set.
        case category
        /// As LightGBM's category: cut to an integer, so that -0.5 is category 0; negative ones are in no set.
        case categoryTruncated
    }

    let feature: UInt32
    let use: Use
    let missingGoesLeft: Bool

    /// LightGBM's kZeroThreshold, a 32-bit float there too.
    static let zeroThreshold: Float = 1e-35
    private static let categoryEnd: Float = 16_777_216
    private static let truncatedEnd: Float = 2_147_483_648

    /// The key of a value.
    @inline(__always)
    func key(_ value: Float) -> UInt32 {
        switch use {
        case .number: return value.isNaN ? missingKey : TreeKey.of(value)
        case .numberMissingZero:
            let isZero = value >= -Self.zeroThreshold && value <= Self.zeroThreshold
            return value.isNaN || isZero ? missingKey : TreeKey.of(value)
        case .category:
            if value.isNaN { return missingCategory }
            return value >= 0 && value < Self.categoryEnd ? UInt32(value) : TreeKey.noCategory
        case .categoryTruncated:
            if value.isNaN { return missingCategory }
            return value > -1 && value < Self.truncatedEnd ? UInt32(max(0, value)) : TreeKey.noCategory
        }
    }

    @inline(__always)
    private var missingKey: UInt32 { missingGoesLeft ? TreeKey.below : TreeKey.above }

    private var missingCategory: UInt32 { missingGoesLeft ? TreeKey.everyCategory : TreeKey.noCategory }
}
