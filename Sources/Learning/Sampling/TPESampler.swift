import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The tree-structured Parzen estimator of Bergstra and others (2011) with the rules of Optuna 5.
///
/// The first suggestions are random. Then it estimates two densities, of the best tenth of the trials and of the rest,
/// draws candidates from the first and proposes the one whose ratio of densities is largest. Running trials count among
/// the rest, so that parallel workers do not crowd one place.
package struct TPESampler: Sampler {
    private var random: SeededGenerator
    private let startupTrials: Int
    private let candidates: Int

    /// Makes a sampler; the same seed and history give the same suggestions.
    ///
    /// - Parameters:
    ///   - seed: of all random choices.
    ///   - startupTrials: how many finished trials there must be before the model is used.
    ///   - candidates: how many points are drawn for one suggestion.
    package init(seed: UInt64, startupTrials: Int = 10, candidates: Int = 24) {
        random = SeededGenerator(seed: seed)
        self.startupTrials = startupTrials
        self.candidates = max(1, candidates)
    }

    /// How many of `count` finished trials are the good ones: a tenth, at most 25.
    package static func goodCount(_ count: Int) -> Int {
        min(Int((0.1 * Double(count)).rounded(.up)), 25)
    }

    /// Values for all parameters of `space`, in their order and ranges.
    package mutating func suggest(in space: SearchSpace, after trials: [Trial]) -> [Double] {
        let finished = trials.filter { $0.score != nil }
        guard finished.count >= startupTrials, !finished.isEmpty else {
            return RandomSampler.draw(space, &random)
        }
        let (good, rest) = Self.divide(trials, finished)
        let (goodDensity, restDensity) = (ParzenEstimator(good, in: space), ParzenEstimator(rest, in: space))
        var best: (point: [Double], ratio: Double)?
        for _ in 0..<candidates {
            let point = goodDensity.sample(&random)
            let ratio = goodDensity.logDensity(point) - restDensity.logDensity(point)
            if best.map({ ratio > $0.ratio }) ?? true { best = (point, ratio) }
        }
        return best?.point ?? RandomSampler.draw(space, &random)
    }

    /// The values of the best finished trials, and of the others with those that still run; both by trial number.
    private static func divide(_ trials: [Trial], _ finished: [Trial]) -> (good: [[Double]], rest: [[Double]]) {
        let ranked = finished.sorted { left, right in
            guard let first = left.score, let second = right.score, first != second else {
                return left.number < right.number
            }
            return first > second
        }
        let good = Set(ranked.prefix(goodCount(finished.count)).map(\.number))
        let ordered = trials.filter { $0.state != .failed }.sorted { $0.number < $1.number }
        return (
            ordered.filter { good.contains($0.number) }.map(\.values),
            ordered.filter { !good.contains($0.number) }.map(\.values)
        )
    }
}
