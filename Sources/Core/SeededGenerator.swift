#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A repeatable random source: xoshiro256** (Blackman and Vigna 2018), seeded through SplitMix64.
///
/// The same seed gives the same numbers on every platform. Not for secrets.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// Starts the sequence that belongs to `seed`.
    package init(seed: UInt64) {
        var mixer = seed
        state = (Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer))
    }

    package mutating func next() -> UInt64 {
        let scrambled = state.1 &* 5
        let result = ((scrambled << 7) | (scrambled >> 57)) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = (state.3 << 45) | (state.3 >> 19)
        return result
    }

    /// A number in [0, 1) with 53 random bits.
    package mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A number in [lower, upper).
    package mutating func uniform(_ lower: Double, _ upper: Double) -> Double {
        lower + (upper - lower) * uniform()
    }

    /// A standard normal number (Box and Muller 1958).
    package mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }

    /// A whole number in 0 ..< bound, unbiased; 0 when `bound` is not positive.
    package mutating func index(below bound: Int) -> Int {
        guard bound > 1 else { return 0 }
        return Int.random(in: 0..<bound, using: &self)
    }

    /// The numbers 0 ..< count in random order (Fisher and Yates).
    package mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<max(0, count))
        order.shuffle(using: &self)
        return order
    }

    /// An independent generator for a part of the work, so that parts do not depend on each other's order.
    package mutating func split() -> SeededGenerator {
        SeededGenerator(seed: next())
    }

    private static func splitMix(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
