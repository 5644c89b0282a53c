/// Sorts finite numbers by counting digits of their bit patterns, several times faster than by comparing.
package enum SortedNumbers {
    private static let digitBits: UInt64 = 11
    private static let digits = 6
    private static let buckets = 2_048

    /// The numbers in ascending order.
    ///
    /// - Parameter values: Numbers without NaN; infinities stand at the ends.
    /// - Returns: The same numbers, smallest first; sorted input costs one look at each.
    package static func sorted(_ values: [Double]) -> [Double] {
        guard !isSorted(values) else { return values }
        guard values.count > 512 else { return values.sorted() }
        var keys = values.map { key($0.bitPattern) }
        var counts = [Int](repeating: 0, count: digits * buckets)
        for key in keys {
            for digit in 0..<digits {
                counts[digit &* buckets &+ Int((key >> (UInt64(digit) &* digitBits)) & 2_047)] &+= 1
            }
        }
        var target = [UInt64](repeating: 0, count: keys.count)
        for digit in 0..<digits {
            let shift = UInt64(digit) * digitBits
            let base = digit * buckets
            // A digit that all keys share moves nothing.
            if counts[base + Int((keys[0] >> shift) & 2_047)] == keys.count { continue }
            var start = 0
            for bucket in base..<(base + buckets) {
                let count = counts[bucket]
                counts[bucket] = start
                start += count
            }
            scatter(keys, into: &target, starts: &counts, base: base, shift: shift)
            swap(&keys, &target)
        }
        return keys.map { Double(bitPattern: pattern($0)) }
    }

    private static func isSorted(_ values: [Double]) -> Bool {
        values.withUnsafeBufferPointer { values in
            var index = 1
            while index < values.count {
                if values[index] < values[index &- 1] { return false }
                index &+= 1
            }
            return true
        }
    }

    private static func scatter(
        _ keys: [UInt64],
        into target: inout [UInt64],
        starts: inout [Int],
        base: Int,
        shift: UInt64
    ) {
        keys.withUnsafeBufferPointer { keys in
            target.withUnsafeMutableBufferPointer { target in
                starts.withUnsafeMutableBufferPointer { starts in
                    for key in keys {
                        let bucket = base &+ Int((key >> shift) & 2_047)
                        target[starts[bucket]] = key
                        starts[bucket] &+= 1
                    }
                }
            }
        }
    }

    /// Bits whose order as whole numbers is the order of the numbers.
    private static func key(_ bits: UInt64) -> UInt64 {
        bits >> 63 == 0 ? bits | 0x8000_0000_0000_0000 : ~bits
    }

    private static func pattern(_ key: UInt64) -> UInt64 {
        key >> 63 == 1 ? key & 0x7FFF_FFFF_FFFF_FFFF : ~key
    }
}
