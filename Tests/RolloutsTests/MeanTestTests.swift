import Core
import Foundation
import Rollouts
import Testing

@Suite("Sequential tests of means hold their error rates however often one looks")
struct MeanTestTests {
    private let alpha = 0.05

    /// Numbers with mean 0: symmetric, skewed, and nearly always the same.
    private static let draws: [@Sendable (inout SeededGenerator) -> Double] = [
        { $0.normal() }, { -log(1 - $0.uniform()) - 1 }, { $0.uniform() < 0.05 ? 19.0 : -1.0 },
    ]

    @Test("A mean at its bound is rejected at most alpha of the time when looking after every row", arguments: 0...2)
    func oneSample(draw: Int) {
        let alarms = share(of: 300) { random in
            var sample = Moments()
            return (0..<400).contains { _ in
                sample.add(Self.draws[draw](&random))
                return SequentialTest.rejects(MeanTest.above(0, sample), alpha: alpha)
            }
        }
        #expect(alarms <= alpha)
    }

    @Test("Equal means are told apart at most alpha of the time, at any split", arguments: [0.1, 0.5], [0, 1])
    func twoSamples(share candidateShare: Double, draw: Int) {
        let alarms = share(of: 300) { random in
            var (candidate, stable) = (Moments(), Moments())
            return (0..<500).contains { _ in
                let value = Self.draws[draw](&random)
                if random.uniform() < candidateShare { candidate.add(value) } else { stable.add(value) }
                return SequentialTest.rejects(MeanTest.excess(candidate, over: stable), alpha: alpha)
            }
        }
        #expect(alarms <= alpha)
    }

    @Test("A difference of half a standard deviation is found within 300 rows of each nearly always")
    func power() {
        let found = share(of: 100) { random in
            var (candidate, stable) = (Moments(), Moments())
            return (0..<300).contains { _ in
                candidate.add(0.5 + random.normal())
                stable.add(random.normal())
                return SequentialTest.rejects(MeanTest.excess(candidate, over: stable), alpha: alpha / 8)
            }
        }
        #expect(found > 0.97)
    }

    @Test("Moments join to what they would be together, and count what is no number")
    func moments() {
        var random = SeededGenerator(seed: 5)
        var (all, left, right, pairs) = (Moments(), Moments(), Moments(), PairedMoments())
        var excess = Moments()
        for index in 0..<100 {
            let (one, two) = (1e6 + random.normal(), 1e6 + random.normal())
            all.add(one)
            if index % 3 == 0 { left.add(one) } else { right.add(one) }
            pairs.add(stable: two, candidate: one)
            excess.add(one - 1.1 * two)
        }
        let joined = left + right
        #expect(joined.count == 100)
        #expect(abs(joined.mean - all.mean) < 1e-6)
        #expect(abs(joined.squares - all.squares) < 1e-4)
        let direct = pairs.excess(over: 1.1)
        #expect(abs(direct.mean - excess.mean) < 1e-6)
        #expect(abs(direct.squares - excess.squares) < 1e-3)
        pairs.add(stable: .nan, candidate: 1)
        pairs.add(stable: 1, candidate: .infinity)
        #expect(pairs.stable.unusable == 1)
        #expect(pairs.candidate.unusable == 1)
        #expect(pairs.candidate.count == 100)
    }

    private func share(of repetitions: Int, _ event: (inout SeededGenerator) -> Bool) -> Double {
        let hits = (0..<repetitions).count { index in
            var random = SeededGenerator(seed: UInt64(index) &+ 1)
            return event(&random)
        }
        return Double(hits) / Double(repetitions)
    }
}
