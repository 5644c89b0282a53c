/// Sorts finite doubles by counting digits instead of comparing.
package enum OrderedDoubles {
    /// The bits of one digit, and how many values it has.
    private static let digitBits: UInt64 = 11
    private static let digitValues = 2_048
    /// How many digits are counted; what they leave undecided is compared.
    private static let passes = 3

    /// The values in ascending order; all must be finite.
    ///
    /// Values that are in order already cost one look at each. Others take up to three stable counting passes over the 33
    /// highest bits in which they differ; what shares those bits is then sorted by comparison.
    package static func sorted(_ values: [Double]) -> [Double] {
        guard !isSorted(values) else { return values }
        guard values.count > 256 else { return values.sorted() }
        let (smallest, largest) = extremes(values)
        let spread = key(smallest) ^ key(largest)
        let bits = 64 - spread.leadingZeroBitCount
        let base = UInt64(max(0, bits - passes * Int(digitBits)))
        let needed = max(1, (bits - Int(base) + Int(digitBits) - 1) / Int(digitBits))
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * values.count) { space in
            space.initialize(repeating: 0)
            var source = UnsafeMutableBufferPointer(rebasing: space[..<values.count])
            var target = UnsafeMutableBufferPointer(rebasing: space[values.count...])
            values.withUnsafeBufferPointer { values in
                for index in values.indices { source[index] = key(values[index]) }
            }
            distribute(&source, &target, shift: base, passes: needed)
            if base > 0 { sortRuns(source, shift: base) }
            return [Double](unsafeUninitializedCapacity: source.count) { result, count in
                for index in source.indices { result.initializeElement(at: index, to: value(source[index])) }
                count = source.count
            }
        }
    }

    /// The key of a value as an integer of the same order; the two zeros share one.
    private static func key(_ value: Double) -> UInt64 {
        let bits = (value + 0).bitPattern
        // All bits of a negative number are turned, only the sign of another.
        return bits ^ (UInt64(bitPattern: Int64(bitPattern: bits) >> 63) | 0x8000_0000_0000_0000)
    }

    private static func value(_ key: UInt64) -> Double {
        let turned = ~UInt64(bitPattern: Int64(bitPattern: key) >> 63) | 0x8000_0000_0000_0000
        return Double(bitPattern: key ^ turned)
    }

    private static func isSorted(_ values: [Double]) -> Bool {
        values.withUnsafeBufferPointer { values in
            for index in values.indices.dropFirst() where values[index] < values[index &- 1] { return false }
            return true
        }
    }

    private static func extremes(_ values: [Double]) -> (Double, Double) {
        values.withUnsafeBufferPointer { values in
            var (smallest, largest) = (Double.infinity, -Double.infinity)
            for value in values {
                smallest = value < smallest ? value : smallest
                largest = value > largest ? value : largest
            }
            return (smallest, largest)
        }
    }

    /// Stable counting passes from the lowest digit to the highest; the result is in `source`.
    private static func distribute(
        _ source: inout UnsafeMutableBufferPointer<UInt64>,
        _ target: inout UnsafeMutableBufferPointer<UInt64>,
        shift: UInt64,
        passes: Int
    ) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: passes * digitValues) { starts in
            starts.initialize(repeating: 0)
            for key in source {
                for pass in 0..<passes {
                    starts[pass &* digitValues &+ digit(key, shift, pass)] &+= 1
                }
            }
            for pass in 0..<passes {
                let own = UnsafeMutableBufferPointer(
                    rebasing: starts[(pass * digitValues)..<((pass + 1) * digitValues)]
                )
                var sum: Int32 = 0
                for index in own.indices {
                    let count = own[index]
                    own[index] = sum
                    sum &+= count
                }
                for key in source {
                    let digit = digit(key, shift, pass)
                    target[Int(own[digit])] = key
                    own[digit] &+= 1
                }
                swap(&source, &target)
            }
        }
    }

    private static func digit(_ key: UInt64, _ shift: UInt64, _ pass: Int) -> Int {
        Int(truncatingIfNeeded: (key &>> (shift &+ digitBits &* UInt64(truncatingIfNeeded: pass))) & 2_047)
    }

    /// Sorts every run of keys that agree above `shift`.
    private static func sortRuns(_ keys: UnsafeMutableBufferPointer<UInt64>, shift: UInt64) {
        var start = 0
        while start < keys.count {
            let prefix = keys[start] &>> shift
            var end = start &+ 1
            while end < keys.count, keys[end] &>> shift == prefix { end &+= 1 }
            if end &- start > 1 { keys[start..<end].sort() }
            start = end
        }
    }
}
