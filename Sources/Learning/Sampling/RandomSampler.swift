import Core

/// Draws every parameter evenly from its range, whatever was tried before.
package struct RandomSampler: Sampler {
    private var random: SeededGenerator

    /// Makes a sampler; the same seed gives the same suggestions.
    package init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    /// Values for all parameters of `space`, in their order and ranges.
    package mutating func suggest(in space: SearchSpace, after trials: [Trial]) -> [Double] {
        Self.draw(space, &random)
    }

    /// Draws every parameter evenly; a parameter with one value always has it.
    static func draw(_ space: SearchSpace, _ random: inout SeededGenerator) -> [Double] {
        space.parameters.map { parameter in
            if case .choice(let words) = parameter.distribution { return Double(random.index(below: words.count)) }
            guard let range = parameter.distribution.numeric else { return 0 }
            return range.value(at: random.uniform(range.low, range.high))
        }
    }
}
