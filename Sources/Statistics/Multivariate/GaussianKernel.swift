import Foundation

/// Gaussian kernels of squared distances.
///
/// The loops run over neighbouring floats without a branch or a trap, which is what the compiler turns into vector code.
package enum GaussianKernel {
    /// Replaces squared distances by the mean over `gammas` of exp(-gamma · d²).
    static func apply(_ gammas: [Float], to values: UnsafeMutablePointer<Float>, count: Int) {
        if gammas.count == 1 {
            let gamma = -gammas[0]
            for index in 0..<count { values[index] = exponential(gamma * values[index]) }
            return
        }
        let share = 1 / Float(gammas.count)
        for index in 0..<count {
            var sum: Float = 0
            for gamma in gammas { sum += exponential(-gamma * values[index]) }
            values[index] = sum * share
        }
    }

    /// exp(x) for x ≤ 0 within 2e-7 relative; 0 where the result would be subnormal.
    ///
    /// Splits x into n·ln 2 + r, takes the Taylor polynomial of r and adds n to the exponent bits. Without a call or a branch it
    /// vectorises, which the library's `exp` does not.
    @inline(__always)
    package static func exponential(_ x: Float) -> Float {
        let clamped = x > -87 ? x : -87
        // Adding 1.5 · 2^23 rounds to an integer, which then stands in the low bits.
        let shifted = clamped * 1.442_695_04 + 12_582_912
        let n = shifted - 12_582_912
        let r = (clamped - n * 0.693_359_375) + n * 2.121_944_4e-4
        var p: Float = 1.388_888_9e-3
        p = p * r + 8.333_333_3e-3
        p = p * r + 4.166_666_7e-2
        p = p * r + 1.666_666_7e-1
        p = p * r + 0.5
        p = p * r + 1
        p = p * r + 1
        let scaled = Float(bitPattern: p.bitPattern &+ (shifted.bitPattern &<< 23))
        return x > -87 ? scaled : 0
    }
}
