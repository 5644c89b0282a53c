import Serving
import Testing

@Suite("Counts by powers of two")
struct PowerCountsTests {
    @Test("A bound holds itself; what is larger goes on; extremes neither trap nor vanish")
    func buckets() {
        var counts = PowerCounts()
        for value in [0, 1, 2, 3, 4, 5, 1024, 1025, UInt64.max] { counts.record(value) }
        let all = Dictionary(counts.cumulative(from: 0, through: 37).map { ($0.bound, $0.count) }) { first, _ in first }
        #expect(all[1] == 2)
        #expect(all[2] == 3)
        #expect(all[4] == 5)
        #expect(all[8] == 6)
        #expect(all[1024] == 7)
        #expect(all[2048] == 8)
        #expect(all[1 << 37] == 8)
        #expect(counts.total == 9)
        #expect(PowerCounts().cumulative(from: 0, through: 3).map(\.count) == [0, 0, 0, 0])
    }

    @Test("Sums are as if all had been counted in one")
    func sums() {
        var one = PowerCounts()
        var other = PowerCounts()
        var both = PowerCounts()
        for value in 0..<1000 as Range<UInt64> {
            if value % 3 == 0 { one.record(value * value) } else { other.record(value * value) }
            both.record(value * value)
        }
        one.add(other)
        one.add(PowerCounts())
        #expect(one == both)
        var empty = PowerCounts()
        empty.add(both)
        #expect(empty == both)
    }

    @Test("Batch sizes are listed one by one up to the limit, above it by powers of two")
    func batchSizes() {
        #expect(
            [0, 1, 63, 64, 65, 128, 129, 100_000].map(InferenceCounters.listedSize) == [
                0, 1, 63, 64, 128, 128, 256, 131_072,
            ]
        )
        #expect(InferenceCounters.listedSize(.max) == .max)
        #expect(InferenceCounters.listedSize(-1) == 0)
    }

    @Test("Metric labels: the first versions that are asked have their own, all others share one")
    func labels() {
        let claims = (0..<ServingLimits.metricSeries + 50).map {
            MetricLabels.claim(deployment: "labels-test-\($0)", version: "1").deployment
        }
        #expect(claims.last == MetricLabels.other)
        #expect(claims.filter { $0 == MetricLabels.other }.count >= 50)
        let again = MetricLabels.claim(deployment: "labels-test-\(ServingLimits.metricSeries + 49)", version: "1")
        #expect(again.version == MetricLabels.other)
    }
}
