import Core
import Rollouts
import Serving
import Testing

@Suite("Latency histogram and counters")
struct LatencyHistogramTests {
    @Test("Quantiles are within an eighth of the truth over twelve orders of magnitude")
    func accuracy() {
        for scale: UInt64 in [1, 100, 10_000, 1_000_000, 1_000_000_000] {
            var histogram = LatencyHistogram()
            for value in 1...1000 { histogram.record(UInt64(value) * scale) }
            for quantile in [0.5, 0.95, 0.99] {
                let truth = 1000 * quantile * Double(scale)
                let found = Double(histogram.quantile(quantile) ?? 0)
                #expect(found >= truth * 0.999 && found <= truth * 1.13 + 1)
            }
        }
    }

    @Test("Extremes neither trap nor vanish")
    func extremes() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        histogram.record(0)
        #expect(histogram.quantile(0.5) == 0)
        histogram.record(.max)
        #expect(histogram.quantile(1) == .max)
        #expect(histogram.total == 2)
    }

    @Test("The history keeps the last seconds and forgets the rest")
    func history() {
        var stats = VersionStats()
        for second in 0..<Int64(ServingLimits.historySeconds + 10) {
            stats.record(rows: 2, nanoseconds: 100, failed: second % 2 == 0, milliseconds: second * 1000 + 500)
        }
        let history = stats.history(since: 0)
        #expect(history.count == ServingLimits.historySeconds)
        #expect(history.first?.second == 10)
        #expect(history.first?.errors == 1)
        #expect(stats.history(since: history[290].second).count == 10)
        #expect(stats.requests == ServingLimits.historySeconds + 10)
        #expect(stats.rows == 2 * stats.requests)
        stats.record(rows: 1, nanoseconds: 1, failed: false, milliseconds: -5)
        #expect(stats.requests == ServingLimits.historySeconds + 11)
    }
}
