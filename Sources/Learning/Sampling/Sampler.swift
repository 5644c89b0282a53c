/// Proposes what to try next, given what was tried; deterministic by its seed.
package protocol Sampler: Sendable {
    /// Values for all parameters of `space`, in their order and ranges.
    mutating func suggest(in space: SearchSpace, after trials: [Trial]) -> [Double]
}
