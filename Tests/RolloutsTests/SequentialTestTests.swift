import Core
import Foundation
import Rollouts
import Testing

@Suite("Sequential tests hold their error rates however often one looks")
struct SequentialTestTests {
    private let alpha = 0.05

    @Test("Log-gamma agrees with the C library")
    func logGamma() {
        for argument in [0.5, 1, 1.5, 2, 7.25, 10, 100.5, 12_345.5] {
            #expect(abs(SequentialTest.logGamma(argument) - lgamma(argument)) < 1e-9 * max(1, lgamma(argument)))
        }
    }

    @Test("No observation is no evidence")
    func nothing() {
        #expect(SequentialTest.rateAbove(0.1, Proportion()) == 0)
        #expect(SequentialTest.excess(Proportion(3, of: 3), over: Proportion(), margin: 0) == 0)
        #expect(SequentialTest.losses(0, wins: 0, pairs: 0, margin: 0) == 0)
        #expect(SequentialTest.losses(3, wins: 1, pairs: 2, margin: 0) == 0)
    }

    @Test(
        "The boundary case rejects at most alpha of the time when looking after every observation",
        arguments: [0.01, 0.2]
    )
    func rateFalseAlarms(limit: Double) {
        let alarms = share(of: 400) { random in
            var sample = Proportion()
            return (0..<400).contains { _ in
                sample = Proportion(sample.count + (random.uniform() < limit ? 1 : 0), of: sample.total + 1)
                return SequentialTest.rejects(SequentialTest.rateAbove(limit, sample), alpha: alpha)
            }
        }
        #expect(alarms <= alpha)
    }

    @Test("Two equal arms are told apart at most alpha of the time, at any split", arguments: [0.1, 0.5])
    func excessFalseAlarms(share candidateShare: Double) {
        let alarms = share(of: 300) { random in
            var arms = (Proportion(), Proportion())
            return (0..<400).contains { _ in
                let hit = random.uniform() < 0.3 ? 1 : 0
                if random.uniform() < candidateShare {
                    arms.0 = Proportion(arms.0.count + hit, of: arms.0.total + 1)
                } else {
                    arms.1 = Proportion(arms.1.count + hit, of: arms.1.total + 1)
                }
                let logE = SequentialTest.excess(arms.0, over: arms.1, margin: 0)
                return SequentialTest.rejects(logE, alpha: alpha)
            }
        }
        #expect(alarms <= alpha)
    }

    @Test("A true excess equal to the margin is not an excess")
    func marginFalseAlarms() {
        let alarms = share(of: 150) { random in
            var arms = (Proportion(), Proportion())
            return (0..<300).contains { _ in
                arms.0 = Proportion(arms.0.count + (random.uniform() < 0.15 ? 1 : 0), of: arms.0.total + 1)
                arms.1 = Proportion(arms.1.count + (random.uniform() < 0.10 ? 1 : 0), of: arms.1.total + 1)
                let logE = SequentialTest.excess(arms.0, over: arms.1, margin: 0.05)
                return SequentialTest.rejects(logE, alpha: alpha)
            }
        }
        #expect(alarms <= alpha)
    }

    @Test("Paired losses equal to the margin are rejected at most alpha of the time", arguments: [0.0, 0.05])
    func pairedFalseAlarms(margin: Double) {
        let alarms = share(of: 150) { random in
            var counts = (losses: 0, wins: 0, pairs: 0)
            return (0..<300).contains { _ in
                let draw = random.uniform()
                counts.pairs += 1
                if draw < 0.1 + margin { counts.losses += 1 } else if draw < 0.2 + margin { counts.wins += 1 }
                let logE = SequentialTest.losses(counts.losses, wins: counts.wins, pairs: counts.pairs, margin: margin)
                return SequentialTest.rejects(logE, alpha: alpha)
            }
        }
        #expect(alarms <= alpha)
    }

    @Test("A coin-flipping candidate is caught within 110 labelled pairs nearly always")
    func pairedPower() {
        let caught = share(of: 300) { random in
            var counts = (losses: 0, wins: 0, pairs: 0)
            return (0..<110).contains { _ in
                let stableRight = random.uniform() < 0.95
                let candidateRight = random.uniform() < 0.5
                counts.pairs += 1
                if stableRight, !candidateRight { counts.losses += 1 }
                if candidateRight, !stableRight { counts.wins += 1 }
                let logE = SequentialTest.losses(counts.losses, wins: counts.wins, pairs: counts.pairs, margin: 0.05)
                return SequentialTest.rejects(logE, alpha: alpha / 8)
            }
        }
        #expect(caught > 0.97)
    }

    /// Share of seeded repetitions in which `event` happened.
    private func share(of repetitions: Int, _ event: (inout SeededGenerator) -> Bool) -> Double {
        let hits = (0..<repetitions).count { index in
            var random = SeededGenerator(seed: UInt64(index) &+ 1)
            return event(&random)
        }
        return Double(hits) / Double(repetitions)
    }
}
