import Testing

import Monitoring

struct FeatureHistogramTests {
    @Test func countsBothSidesInCommonBins() {
        let histogram = FeatureHistogram(name: "x", reference: [0, 1, 2, 3, 4], current: [4, 4, 10], bins: 5)
        #expect(histogram.edges == [0, 2, 4, 6, 8, 10])
        #expect(histogram.reference == [2, 2, 1, 0, 0])
        #expect(histogram.current == [0, 0, 2, 0, 1])
    }

    @Test func staysWithinItsBins() {
        let values = (0..<1_000).map { Float($0) * 0.1 }
        let histogram = FeatureHistogram(name: "x", reference: values, current: [])
        #expect(histogram.reference.count == MonitoringLimits.histogramBins)
        #expect(histogram.edges.count == MonitoringLimits.histogramBins + 1)
        #expect(histogram.reference.reduce(0, +) == values.count)
        #expect(histogram.current.reduce(0, +) == 0)
    }

    @Test func constantsMissingAndExtremeValuesHaveBinsOrNone() {
        let constant = FeatureHistogram(name: "x", reference: [5, 5], current: [5])
        #expect((constant.edges, constant.reference, constant.current) == ([5, 5], [2], [1]))
        let empty = FeatureHistogram(name: "x", reference: [.nan], current: [.infinity])
        #expect(empty.edges.isEmpty && empty.reference.isEmpty && empty.current.isEmpty)
        let far = Float.greatestFiniteMagnitude
        let wide = FeatureHistogram(name: "x", reference: [-far, 0, far], current: [.leastNonzeroMagnitude])
        #expect(wide.reference.reduce(0, +) == 3)
        #expect(wide.current.reduce(0, +) == 1)
        let tiny = FeatureHistogram(name: "x", reference: [1, Float(1).nextUp], current: [])
        #expect(tiny.reference.reduce(0, +) == 2)
    }
}
