package import Core

/// Which sampler a study uses, and how.
package struct SamplerSpec: Sendable, Equatable {
    /// The kinds of samplers.
    package enum Kind: String, Sendable, CaseIterable {
        case random
        case grid
        case sobol
        case halton
        case tpe
        case cmaes
        case nsga2
    }

    /// Which one.
    package var kind: Kind
    /// The seed of all its random choices.
    package var seed: UInt64
    /// The Parzen estimator's options.
    package var tpe = TPESampler.Options()
    /// The options of the evolution strategy.
    package var cmaes = CMAESSampler.Options()
    /// The options of the genetic algorithm.
    package var nsga2 = NSGA2Sampler.Options()
    /// How many values a number without steps gets in a grid.
    package var gridPoints = 5

    /// A sampler with its defaults.
    package init(_ kind: Kind, seed: UInt64 = 0) {
        self.kind = kind
        self.seed = seed
    }

    /// The sampler of studies that name none: TPE, with several objectives NSGA-II.
    package static func standard(objectives: Int, seed: UInt64 = 0) -> SamplerSpec {
        SamplerSpec(objectives > 1 ? .nsga2 : .tpe, seed: seed)
    }

    /// The sampler.
    package func make() -> any Sampler {
        switch kind {
        case .random: RandomSampler(seed: seed)
        case .grid: GridSampler(points: gridPoints)
        case .sobol: QuasiRandomSampler(.sobol, seed: seed)
        case .halton: QuasiRandomSampler(.halton, seed: seed)
        case .tpe: TPESampler(seed: seed, options: tpe)
        case .cmaes: CMAESSampler(seed: seed, options: cmaes)
        case .nsga2: NSGA2Sampler(seed: seed, options: nsga2)
        }
    }

    /// Says whether the sampler takes a study with this space and these objectives.
    ///
    /// - Throws: `invalidArgument` saying why not.
    package func check(_ space: SearchSpace, objectives: Int) throws(MartletError) {
        switch kind {
        case .grid: _ = try GridSampler.grid(space, gridPoints)
        case .cmaes where objectives > 1:
            throw MartletError(.invalidArgument, "The sampler 'cmaes' takes one objective; use nsga2 or tpe.")
        case .sobol where space.parameters.count > SamplingLimits.sobolDimensions:
            throw MartletError(
                .invalidArgument,
                "The sampler 'sobol' takes at most \(SamplingLimits.sobolDimensions) parameters; use halton."
            )
        case .random, .halton, .sobol, .tpe, .cmaes, .nsga2: return
        }
    }
}
