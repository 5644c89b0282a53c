/// One of the samplers, chosen by name.
package enum AnySampler: Sampler {
    case tpe(TPESampler)
    case random(RandomSampler)

    init(_ method: TuningOptions.SearchMethod, _ seed: UInt64) {
        switch method {
        case .tpe: self = .tpe(TPESampler(seed: seed))
        case .random: self = .random(RandomSampler(seed: seed))
        }
    }

    /// Values for all parameters of `space`, in their order and ranges.
    package mutating func suggest(in space: SearchSpace, after trials: [Trial]) -> [Double] {
        switch self {
        case .tpe(var sampler):
            defer { self = .tpe(sampler) }
            return sampler.suggest(in: space, after: trials)
        case .random(var sampler):
            defer { self = .random(sampler) }
            return sampler.suggest(in: space, after: trials)
        }
    }
}
