/// The game that one leaf is: its value counts as far as the features that are known, and the training weight of those
/// that are not, lead there.
///
/// With `one` 1 for a feature on which the row goes this way, else 0, and `zero` the share of training weight, a set of
/// known features is worth the product of `one` inside and `zero` outside. The weights of the sizes of sets are those of
/// a beta integral, so a Shapley value is `(one - zero) ∫ Π (zero (1 - t) + one t) dt` over the other features: a
/// polynomial, which Gauss's rule integrates exactly, without division and without subtraction of large numbers.
struct LeafGame<Points: SIMD> where Points.Scalar == Double {
    private let weights: UnsafePointer<Points>
    private let chunks: Int
    /// For each step and chunk of points the factor when the feature does not lead here, then when it does.
    private let factors: UnsafeMutablePointer<Points>
    private let prefix: UnsafeMutablePointer<Points>
    private let others: UnsafeMutablePointer<Int>
    private(set) var zeros: UnsafeMutablePointer<Double>

    /// Looks at the caller's memory.
    ///
    /// - Parameters:
    ///   - weights: the rule's weights, `chunks` of them.
    ///   - chunks: how many vectors of points the rule has.
    ///   - memory: room for `(3 × steps + 2) × chunks` vectors.
    ///   - zeros: room for a number for each step.
    ///   - others: room for a number for each step.
    ///   - most: the steps that there is room for.
    @inline(__always)
    init(
        weights: UnsafePointer<Points>,
        chunks: Int,
        memory: UnsafeMutablePointer<Points>,
        zeros: UnsafeMutablePointer<Double>,
        others: UnsafeMutablePointer<Int>,
        most: Int
    ) {
        self.weights = weights
        self.chunks = chunks
        factors = memory
        prefix = memory + 2 * most * chunks
        self.zeros = zeros
        self.others = others
    }

    /// Takes over the steps of a leaf.
    @inline(__always)
    func set(_ step: Int, zero: Double, points: UnsafePointer<Points>) {
        zeros[step] = zero
        for chunk in 0..<chunks {
            let off = (1 - points[chunk]) * zero
            factors[(2 * step) * chunks + chunk] = off
            factors[(2 * step + 1) * chunks + chunk] = off + points[chunk]
        }
    }

    @inline(__always)
    private func factor(_ step: Int, _ isOn: Bool, _ chunk: Int) -> Points {
        factors[(2 * step + (isOn ? 1 : 0)) * chunks + chunk]
    }

    /// The Shapley value of each step, for a leaf of value 1.
    @inline(__always)
    func values(_ count: Int, isOn: (Int) -> Bool, _ body: (Int, Double) -> Void) {
        for step in 0..<count { others[step] = step }
        products(count, isOn) { step, integral in
            body(step, ((isOn(step) ? 1 : 0) - zeros[step]) * integral)
        }
    }

    /// The Shapley interaction of each pair of steps, half of it, for a leaf of value 1.
    @inline(__always)
    func pairs(_ count: Int, isOn: (Int) -> Bool, _ body: (Int, Int, Double) -> Void) {
        guard count > 1 else { return }
        for first in 0..<count - 1 {
            var place = 0
            for step in 0..<count where step != first {
                others[place] = step
                place += 1
            }
            let own = ((isOn(first) ? 1 : 0) - zeros[first]) / 2
            products(count - 1, isOn) { second, integral in
                guard second > first else { return }
                body(first, second, own * ((isOn(second) ? 1 : 0) - zeros[second]) * integral)
            }
        }
    }

    /// For each of the steps in `others` the integral over the product of the rest.
    @inline(__always)
    private func products(_ count: Int, _ isOn: (Int) -> Bool, _ body: (Int, Double) -> Void) {
        for chunk in 0..<chunks {
            var product = weights[chunk]
            for place in 0..<count {
                prefix[place * chunks + chunk] = product
                product *= factor(others[place], isOn(others[place]), chunk)
            }
        }
        let suffix = prefix + count * chunks
        for chunk in 0..<chunks { suffix[chunk] = Points(repeating: 1) }
        for place in stride(from: count - 1, through: 0, by: -1) {
            let step = others[place]
            let on = isOn(step)
            var total = 0.0
            for chunk in 0..<chunks {
                total += (prefix[place * chunks + chunk] * suffix[chunk]).sum()
                suffix[chunk] *= factor(step, on, chunk)
            }
            body(step, total)
        }
    }
}
