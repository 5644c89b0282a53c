import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How much worse a model gets when the values of one feature are shuffled among the rows: Breiman's importance.
///
/// Each feature is shuffled several times; the interval says how far the mean over all shuffles may be off (Student's t,
/// 95 %). The same seed gives the same numbers.
package struct PermutationImportance: Sendable, Equatable {
    /// One feature.
    package struct Feature: Sendable, Equatable {
        /// Its column.
        package let index: Int
        /// How much worse the score got, by shuffle; positive is worse.
        package let losses: [Double]
        /// The mean of them.
        package let mean: Double
        /// Where the mean lies with 95 % confidence.
        package let interval: ClosedRange<Double>
    }

    /// The score with nothing shuffled.
    package let baseline: Double
    /// The features in column order.
    package let features: [Feature]

    /// Computes the importance of every feature.
    ///
    /// - Parameters:
    ///   - rows: `count × width` numbers.
    ///   - count: how many rows.
    ///   - width: numbers in a row.
    ///   - repeats: shuffles of each feature.
    ///   - seed: what shuffles come from.
    ///   - isHighGood: whether more of the score is better.
    ///   - score: how good the model is on rows.
    /// - Throws: what `score` throws; `CancellationError`.
    @concurrent
    package init(
        _ rows: [Float],
        count: Int,
        width: Int,
        repeats: Int,
        seed: UInt64,
        isHighGood: Bool,
        score: @Sendable (_ rows: [Float]) async throws -> Double
    ) async throws {
        baseline = try await score(rows)
        var features: [Feature] = []
        var random = SeededGenerator(seed: seed)
        for feature in 0..<width {
            var losses: [Double] = []
            for _ in 0..<repeats {
                try Task.checkCancellation()
                var shuffled = rows
                for (row, other) in random.permutation(count).enumerated() {
                    shuffled[row * width + feature] = rows[other * width + feature]
                }
                let now = try await score(shuffled)
                losses.append(isHighGood ? baseline - now : now - baseline)
            }
            features.append(Self.feature(feature, losses))
        }
        self.features = features
    }

    private static func feature(_ index: Int, _ losses: [Double]) -> Feature {
        let count = Double(max(1, losses.count))
        let mean = losses.reduce(0, +) / count
        let spread = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        let half = losses.count > 1 ? student(losses.count - 1) * (spread / count).squareRoot() : 0
        let interval = half.isFinite && mean.isFinite ? mean - half...mean + half : 0...0
        return Feature(index: index, losses: losses, mean: mean, interval: interval)
    }

    /// The 97.5 % quantile of Student's t, by Cornish and Fisher's expansion, exact for 1 and 2 degrees of freedom.
    static func student(_ freedom: Int) -> Double {
        switch freedom {
        case 1: return 12.706_204_736
        case 2: return 4.302_652_730
        default: break
        }
        let (z, n) = (1.959_963_985, Double(freedom))
        let (z3, z5, z7) = (pow(z, 3), pow(z, 5), pow(z, 7))
        let first = (z3 + z) / 4
        let second = (5 * z5 + 16 * z3 + 3 * z) / 96
        let third = (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / 384
        let fourth = (79 * pow(z, 9) + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / 92_160
        return z + first / n + second / (n * n) + third / (n * n * n) + fourth / (n * n * n * n)
    }
}
