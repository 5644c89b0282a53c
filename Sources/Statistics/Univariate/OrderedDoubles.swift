/// Sorts finite doubles by counting digits instead of comparing.
package enum OrderedDoubles {
    /// The key of a value as an integer of the same order; the two zeros share one.
    static func key(_ value: Double) -> UInt64 {
        let bits = (value + 0).bitPattern
        return bits & 0x8000_0000_0000_0000 == 0 ? bits | 0x8000_0000_0000_0000 : ~bits
    }

    private static func value(_ key: UInt64) -> Double {
        Double(bitPattern: key & 0x8000_0000_0000_0000 == 0 ? ~key : key & 0x7FFF_FFFF_FFFF_FFFF)
    }

    /// The values in ascending order; all must be finite.
    ///
    /// Three stable counting passes over the 33 highest bits in which the values differ, then whatever shares those bits is
    /// sorted by comparison.
    package static func sorted(_ values: [Double]) -> [Double] {
        guard values.count > 256 else { return values.map { $0 + 0 }.sorted() }
        var source = values.map(key)
        let first = source[0]
        let spread = source.reduce(0) { $0 | ($1 ^ first) }
        guard spread != 0 else { return values.map { $0 + 0 } }
        let base = max(0, 64 - spread.leadingZeroBitCount - 33)
        var target = source
        for pass in 0..<3 where spread >> UInt64(base + 11 * pass) != 0 {
            distribute(source, into: &target, shift: UInt64(base + 11 * pass))
            swap(&source, &target)
        }
        if base > 0 { sortRuns(&source, shift: UInt64(base)) }
        return source.map(value)
    }

    /// One stable counting pass over 11 bits.
    private static func distribute(_ source: [UInt64], into target: inout [UInt64], shift: UInt64) {
        source.withUnsafeBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: 2_048) { starts in
                    starts.initialize(repeating: 0)
                    for key in source { starts[Int(truncatingIfNeeded: (key >> shift) & 2_047)] &+= 1 }
                    var sum = 0
                    for digit in 0..<2_048 {
                        let count = starts[digit]
                        starts[digit] = sum
                        sum &+= count
                    }
                    for key in source {
                        let digit = Int(truncatingIfNeeded: (key >> shift) & 2_047)
                        target[starts[digit]] = key
                        starts[digit] &+= 1
                    }
                }
            }
        }
    }

    /// Sorts every run of keys that agree above `shift`.
    private static func sortRuns(_ keys: inout [UInt64], shift: UInt64) {
        var start = 0
        while start < keys.count {
            let prefix = keys[start] >> shift
            var end = start + 1
            while end < keys.count, keys[end] >> shift == prefix { end += 1 }
            if end - start > 1 { keys[start..<end].sort() }
            start = end
        }
    }
}
