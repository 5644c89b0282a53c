import Core
import Foundation
import Replay
import Testing

/// Intervals against published and exact values.
@Suite("Replay: intervals")
struct IntervalTests {
    @Test("A share's interval is Wilson's")
    func wilson() throws {
        // Newcombe (1998), table I: 81 of 263 and 0 of 20.
        let first = try #require(Interval(share: 81, of: 263))
        #expect(abs(first.low - 0.2553) < 5e-5)
        #expect(abs(first.high - 0.3662) < 5e-5)
        let none = try #require(Interval(share: 0, of: 20))
        #expect(none.low == 0)
        #expect(abs(none.high - 0.1611) < 5e-5)
        #expect(Interval(share: 20, of: 20)?.high == 1)
        #expect(Interval(share: 0, of: 0) == nil)
    }

    @Test("A difference on the same rows covers what it should", arguments: [(0.05, 0.05), (0.02, 0.08), (0.2, 0.1)])
    func coverage(gained: Double, lost: Double) throws {
        // Every outcome of 60 rows with its probability: the interval's coverage, exactly.
        let rows = 60
        var covered = 0.0
        for up in 0...rows {
            for down in 0...(rows - up) {
                let interval = try #require(Interval(gained: up, lost: down, of: rows))
                guard interval.low <= gained - lost, gained - lost <= interval.high else { continue }
                covered += probability(up, down, rows, gained, lost)
            }
        }
        #expect(covered > 0.935)
        #expect(covered < 0.999)
    }

    private func probability(_ up: Int, _ down: Int, _ rows: Int, _ gained: Double, _ lost: Double) -> Double {
        let rest = rows - up - down
        let ways =
            lgamma(Double(rows + 1)) - lgamma(Double(up + 1)) - lgamma(Double(down + 1)) - lgamma(Double(rest + 1))
        return exp(ways + Double(up) * log(gained) + Double(down) * log(lost) + Double(rest) * log(1 - gained - lost))
    }

    @Test("One row says nothing of how others would be")
    func oneRow() throws {
        let interval = try #require(Interval(mean: 3, variance: .nan, count: 1))
        #expect(interval.low == -.infinity)
        #expect(interval.json["low"] == .null)
        #expect(Interval(mean: 3, variance: 1, count: 0) == nil)
    }
}
