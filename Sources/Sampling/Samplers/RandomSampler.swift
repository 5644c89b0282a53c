package import Core

/// Draws every parameter evenly from its range, whatever was tried before.
package struct RandomSampler: Sampler {
    private let seed: UInt64

    /// Makes a sampler; the same seed gives the same proposals.
    package init(seed: UInt64) {
        self.seed = seed
    }

    /// What to try in the trial of that number.
    package mutating func propose(_ number: Int, in history: TrialHistory) throws(MartletError) -> Proposal {
        var random = SeededGenerator(seed: seed, trial: number)
        return Proposal(values: history.space.draw(&random))
    }
}

extension SearchSpace {
    /// Values for all parameters that exist, each drawn evenly; where `given` has a value, that one.
    func draw(_ random: inout SeededGenerator, given: [Double] = []) -> [Double] {
        var values = [Double](repeating: .nan, count: parameters.count)
        for index in parameters.indices where isActive(index, values) {
            let drawn = drawOne(index, &random)
            values[index] = given.indices.contains(index) && !given[index].isNaN ? given[index] : drawn
        }
        return values
    }

    /// A value of one parameter, drawn evenly; a parameter with one value always has it.
    func drawOne(_ index: Int, _ random: inout SeededGenerator) -> Double {
        value(index, atShare: random.uniform())
    }

    /// The value at a share 0 ..< 1 of a parameter's range.
    func value(_ index: Int, atShare share: Double) -> Double {
        if let range = ranges[index] { return range.value(atShare: share) }
        guard case .choice(let words) = parameters[index].distribution else { return 0 }
        return min((share * Double(words.count)).rounded(.down), Double(words.count - 1))
    }
}
