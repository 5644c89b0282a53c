import Core
import Testing

import Statistics

/// What every sequential detector promises beyond the peer's numbers.
struct SequentialDetectorTests {
    private func parameters(_ members: JSONObject) -> JSONFields { JSONFields(members) }

    private func stream(of kind: SequentialKind, _ count: Int, shiftAt shift: Int, seed: UInt64) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            guard kind.readsErrors else { return generator.normal() + (index >= shift ? 1.5 : 0) }
            return generator.uniform() < (index >= shift ? 0.5 : 0.1) ? 1 : 0
        }
    }

    @Test(arguments: SequentialKind.allCases) func aShiftIsSeen(kind: SequentialKind) throws {
        var detector = try kind.make()
        let values = stream(of: kind, 2_000, shiftAt: 1_000, seed: 3)
        let drifts = values.indices.filter { detector.update(values[$0]) == .drift }
        #expect(drifts.contains { $0 > 1_000 && $0 < 1_300 }, "\(kind): \(drifts)")
    }

    @Test(arguments: SequentialKind.allCases) func whatCannotBeTakenIsCountedAndChangesNothing(kind: SequentialKind)
        throws
    {
        var clean = try kind.make()
        var dirty = try kind.make()
        let odd = [Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -1e141, .signalingNaN]
        for (index, value) in stream(of: kind, 600, shiftAt: 300, seed: 5).enumerated() {
            #expect(dirty.update(odd[index % odd.count]) != .drift)
            #expect(clean.update(value) == dirty.update(value))
        }
        #expect(dirty.tally.skipped == 600)
        #expect(clean.tally.skipped == 0)
        #expect(clean.tally.observed == dirty.tally.observed)
        #expect(clean.tally.detections == dirty.tally.detections)
        #expect(clean.encode()["values"] == dirty.encode()["values"])
    }

    @Test(arguments: SequentialKind.allCases.filter(\.readsErrors)) func onlySharesAreErrors(kind: SequentialKind)
        throws
    {
        var detector = try kind.make()
        for value in [-0.001, 1.001, 7] { _ = detector.update(value) }
        #expect(detector.tally.skipped == 3)
        _ = detector.update(0.5)
        #expect(detector.tally.observed == 1)
    }

    @Test(arguments: [SequentialKind.adwin, .pageHinkley, .kswin], [1e-9, 1, 1e12, 1e139])
    func greatMagnitudesStayFinite(kind: SequentialKind, scale: Double) throws {
        var detector = try kind.make()
        for value in stream(of: kind, 3_000, shiftAt: 3_000, seed: 6) { _ = detector.update(value / 8 * scale) }
        #expect(detector.tally.skipped == 0)
        // A NaN or an infinity would be written as null and refused.
        let restored = try SequentialKind.restore(JSONValue.parse(detector.encode().serialized()))
        #expect(restored.encode() == detector.encode())
    }

    @Test func theLargestMagnitudeIsTaken() throws {
        var detector = try ADWIN()
        _ = detector.update(SequentialLimits.largestMagnitude)
        _ = detector.update(-SequentialLimits.largestMagnitude)
        #expect(detector.tally.observed == 2)
        _ = detector.update(SequentialLimits.largestMagnitude.nextUp)
        #expect(detector.tally.skipped == 1)
        #expect(detector.variance.isFinite)
    }

    @Test(arguments: SequentialKind.allCases) func memoryIsConstant(kind: SequentialKind) throws {
        var detector = try kind.make()
        var sizes: [Int] = []
        for (index, value) in stream(of: kind, 40_000, shiftAt: .max, seed: 9).enumerated() {
            _ = detector.update(value)
            if (index + 1).isMultiple(of: 10_000) { sizes.append(detector.encode().serialized().count) }
        }
        // The state of a window of 2^k values holds at most 6 (k + 1) buckets of two numbers; KSWIN's 100 values.
        #expect(sizes.allSatisfy { $0 < 5_000 }, "\(sizes)")
    }

    @Test func theWindowOfAStationaryStreamIsLogarithmic() throws {
        var detector = try ADWIN()
        for index in 0..<100_000 { _ = detector.update(Double(index % 2)) }
        #expect(detector.width == 100_000)
        let rows = try #require(detector.encode()["values"]?["totals"]?.arrayValue)
        #expect(rows.count <= 16)
        #expect(rows.allSatisfy { ($0.arrayValue?.count ?? .max) <= 5 })
        #expect(detector.estimation == 0.5)
    }

    @Test(arguments: SequentialKind.allCases) func resettingForgetsTheValuesNotTheTally(kind: SequentialKind) throws {
        var detector = try kind.make()
        let values = stream(of: kind, 400, shiftAt: 200, seed: 4)
        for value in values { _ = detector.update(value) }
        let tally = detector.tally
        detector.reset()
        #expect(detector.tally.observed == tally.observed)
        #expect(detector.tally.detections == tally.detections)
        #expect(detector.tally.signal == .none)
        #expect(detector.encode()["values"] == (try kind.make()).encode()["values"])
    }

    @Test(arguments: SequentialKind.allCases) func theStatisticIsFiniteAndSurvives(kind: SequentialKind) throws {
        var detector = try kind.make()
        var shown = 0
        for value in stream(of: kind, 700, shiftAt: 500, seed: 12) {
            _ = detector.update(value)
            guard let statistic = detector.statistic else { continue }
            #expect(statistic.isFinite)
            shown += 1
        }
        #expect(shown > 400)
        #expect(try SequentialKind.restore(detector.encode()).statistic == detector.statistic)
    }

    @Test(arguments: SequentialKind.allCases) func nothingSeenIsNothingSaid(kind: SequentialKind) throws {
        let detector = try kind.make()
        #expect(detector.statistic == nil)
        #expect(detector.tally.signal == .none)
        #expect(try SequentialKind.restore(detector.encode()).encode() == detector.encode())
    }

    @Test func twoDetectorsOfOneSeedDrawAlike() throws {
        var parameters = KSWIN.Parameters()
        parameters.seed = 7
        var (first, second) = (try KSWIN(parameters), try KSWIN(parameters))
        for value in stream(of: .kswin, 900, shiftAt: 500, seed: 8) {
            #expect(first.update(value) == second.update(value))
        }
    }

    /// River's own stream: 1,000 normal values, then 1,000 moved ones; the peer finds the change within 20 values.
    @Test func kswinIsAsQuickAsItsPeer() throws {
        var delays: [Int] = []
        for seed in 0..<20 {
            var parameters = KSWIN.Parameters()
            parameters.alpha = 0.0001
            parameters.seed = seed
            var detector = try KSWIN(parameters)
            let values = stream(of: .kswin, 1_200, shiftAt: 1_000, seed: UInt64(seed))
            delays += values.indices.filter { detector.update(values[$0]) == .drift && $0 >= 1_000 }.prefix(1).map {
                $0 - 1_000
            }
        }
        #expect(delays.count == 20)
        #expect(delays.reduce(0, +) / delays.count < 35, "\(delays)")
    }
}
