import Foundation

/// Squared distances and Gaussian kernels over rows that are stored column by column.
///
/// The loops run over neighbouring floats without a branch or a trap, which is what the compiler turns into vector code.
package enum GaussianKernel {
    /// Computes the squared Euclidean distances of row `row` to rows 0..<`count` into `output`, which has room for them.
    ///
    /// Feature f of row r is at `columns[f * stride + r]`.
    static func squaredDistances(
        of row: Int,
        to count: Int,
        columns: UnsafePointer<Float>,
        stride: Int,
        features: Int,
        output: UnsafeMutablePointer<Float>
    ) {
        for other in 0..<count { output[other] = 0 }
        var feature = 0
        // Four features a pass: the sums stay in registers four times as long.
        while feature &+ 4 <= features {
            let a = columns + feature &* stride
            let b = a + stride
            let c = b + stride
            let d = c + stride
            let (x, y, z, w) = (a[row], b[row], c[row], d[row])
            for other in 0..<count {
                let (p, q, r, s) = (a[other] - x, b[other] - y, c[other] - z, d[other] - w)
                output[other] += (p * p + q * q) + (r * r + s * s)
            }
            feature &+= 4
        }
        while feature < features {
            let a = columns + feature &* stride
            let x = a[row]
            for other in 0..<count {
                let p = a[other] - x
                output[other] += p * p
            }
            feature &+= 1
        }
    }

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

/// Selection by rank among non-negative floats.
package enum RankSelection {
    /// The value at a zero-based rank in ascending order; `values` are finite or infinite, not negative, not NaN.
    ///
    /// Non-negative floats order as their bit patterns do, so three histogram passes find the rank without moving a value.
    package static func value(atRank rank: Int, in values: [Float]) -> Float {
        var prefix: UInt32 = 0
        var mask: UInt32 = 0
        var remaining = rank
        for (shift, width) in [(UInt32(21), UInt32(11)), (10, 11), (0, 10)] {
            var histogram = [Int](repeating: 0, count: 1 << Int(width))
            let digits = (UInt32(1) << width) - 1
            for value in values where value.bitPattern & mask == prefix {
                histogram[Int((value.bitPattern >> shift) & digits)] += 1
            }
            var digit = 0
            while digit < histogram.count - 1, remaining >= histogram[digit] {
                remaining -= histogram[digit]
                digit += 1
            }
            prefix |= UInt32(digit) << shift
            mask |= digits << shift
        }
        return Float(bitPattern: prefix)
    }
}
