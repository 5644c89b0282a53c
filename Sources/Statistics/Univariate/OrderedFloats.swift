/// Finite floats as integers of the same order, which sort by counting instead of comparing.
package enum OrderedFloats {
    /// The key of a value; the two zeros share one.
    package static func key(_ value: Float) -> UInt32 {
        let bits = (value + 0).bitPattern
        return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
    }

    /// The keys of the values in ascending order: three stable counting passes over 11 bits each.
    package static func sortedKeys(_ values: [Float]) -> [UInt32] {
        var source = values.map(key)
        guard source.count > 256 else { return source.sorted() }
        var target = [UInt32](repeating: 0, count: source.count)
        for shift in [UInt32(0), 11, 22] {
            var starts = [Int](repeating: 0, count: 2_049)
            for key in source { starts[Int((key >> shift) & 2_047) + 1] += 1 }
            for digit in 1..<starts.count { starts[digit] += starts[digit - 1] }
            for key in source {
                let digit = Int((key >> shift) & 2_047)
                target[starts[digit]] = key
                starts[digit] += 1
            }
            swap(&source, &target)
        }
        return source
    }
}
