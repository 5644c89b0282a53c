/// The generator behind NumPy's legacy `RandomState`: MT19937 (Matsumoto and Nishimura 1998).
///
/// It is here so that permutation p-values which a peer draws with a fixed seed come out the same. Not for secrets.
package struct MersenneTwister: Sendable {
    private var state: [UInt32]
    private var position = 624

    /// Starts the sequence of an integer seed.
    package init(seed: UInt32) {
        state = [seed]
        for index in 1..<624 {
            let last = state[index - 1]
            state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(index))
        }
    }

    /// The next 32 random bits.
    package mutating func next() -> UInt32 {
        if position == 624 { refill() }
        var value = state[position]
        position += 1
        value ^= value >> 11
        value ^= (value << 7) & 0x9D2C_5680
        value ^= (value << 15) & 0xEFC6_0000
        return value ^ (value >> 18)
    }

    /// A whole number of at most `bound`: masked bits, drawn again until they fit.
    package mutating func interval(_ bound: UInt32) -> UInt32 {
        guard bound > 0 else { return 0 }
        let mask = UInt32.max >> UInt32(bound.leadingZeroBitCount)
        while true {
            let value = next() & mask
            if value <= bound { return value }
        }
    }

    /// Shuffles in the order of `RandomState.shuffle`: from the end, each with one at or before it.
    package mutating func shuffle<Element>(_ values: inout [Element]) {
        values.withUnsafeMutableBufferPointer { values in
            var last = values.count - 1
            while last > 0 {
                values.swapAt(last, Int(interval(UInt32(truncatingIfNeeded: last))))
                last -= 1
            }
        }
    }

    /// Makes the next 624 numbers.
    private mutating func refill() {
        state.withUnsafeMutableBufferPointer { state in
            for index in 0..<624 {
                let joined = (state[index] & 0x8000_0000) | (state[index == 623 ? 0 : index &+ 1] & 0x7FFF_FFFF)
                let twist = (0 &- (joined & 1)) & 0x9908_B0DF
                let far = index &+ 397
                state[index] = state[far < 624 ? far : far &- 624] ^ (joined >> 1) ^ twist
            }
        }
        position = 0
    }
}
