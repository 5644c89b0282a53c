package import Core

/// Proposes what to try next, given what was tried.
///
/// A proposal depends on the seed, the trial's number and the history alone, so that a study which is taken up again
/// after a restart goes on as it would have; samplers keep between calls only what the history gives again.
package protocol Sampler: Sendable {
    /// What to try in the trial of that number.
    ///
    /// - Throws: `failedPrecondition` when there is nothing left to try or the sampler does not fit the study.
    mutating func propose(_ number: Int, in history: TrialHistory) throws(MartletError) -> Proposal
}

/// What a trial should try.
package struct Proposal: Sendable, Equatable {
    /// One number a parameter, in the order of the search space; NaN where the parameter does not exist.
    package var values: [Double]
    /// The generation that it belongs to, for evolutionary samplers.
    package var generation: Int?

    /// Makes a proposal.
    package init(values: [Double], generation: Int? = nil) {
        self.values = values
        self.generation = generation
    }
}

extension SeededGenerator {
    /// The random source of one trial: independent of those of other trials and seeds.
    init(seed: UInt64, trial: Int, stream: UInt64 = 0) {
        self.init(seed: Self.scrambled(seed ^ Self.scrambled(UInt64(bitPattern: Int64(trial)) ^ (stream << 48))))
    }

    /// The finaliser of MurmurHash 3.
    static func scrambled(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ (mixed >> 33)
    }
}
