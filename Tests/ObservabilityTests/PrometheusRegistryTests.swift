import CoreMetrics
import Observability
import Testing

/// What increments come to, and what does not fit.
struct PrometheusRegistryTests {
    static func text(_ registry: PrometheusRegistry, _ format: ExpositionFormat = .text) -> String {
        String(decoding: registry.render(format), as: UTF8.self)
    }

    static func value(_ registry: PrometheusRegistry, _ series: String) -> String? {
        text(registry).split(separator: "\n").first { $0.hasPrefix(series + " ") }.map {
            String($0.dropFirst(series.count + 1))
        }
    }

    @Test func countersOnlyRise() {
        let registry = PrometheusRegistry()
        let counter = registry.makeCounter(label: "hits", dimensions: [("model", "cancer")])
        counter.increment(by: 2)
        counter.increment(by: -5)
        counter.increment(by: 0)
        #expect(Self.value(registry, #"hits_total{model="cancer"}"#) == "2")
        let seconds = registry.makeFloatingPointCounter(label: "busy_seconds", dimensions: [])
        for amount in [0.25, -1, .nan, .infinity, 0.5] { seconds.increment(by: amount) }
        #expect(Self.value(registry, "busy_seconds_total") == "0.75")
        counter.reset()
        #expect(Self.value(registry, #"hits_total{model="cancer"}"#) == "0")
    }

    @Test func gaugesShowTheLastValue() {
        let registry = PrometheusRegistry()
        let meter = registry.makeMeter(label: "queue.length", dimensions: [])
        meter.set(Int64(5))
        meter.increment(by: 1.5)
        meter.decrement(by: 1)
        #expect(Self.value(registry, "queue_length") == "5.5")
        registry.makeRecorder(label: "weight", dimensions: [], aggregate: false).record(-3.0)
        #expect(Self.value(registry, "weight") == "-3")
    }

    @Test func timersCountIntoSecondsBuckets() {
        let registry = PrometheusRegistry()
        let timer = registry.makeTimer(label: "predict", dimensions: [])
        // On a bound, just above it, and beyond every bound.
        for nanoseconds: Int64 in [1_000_000, 1_000_001, 400_000_000_000] { timer.recordNanoseconds(nanoseconds) }
        #expect(Self.value(registry, #"predict_seconds_bucket{le="0.0005"}"#) == "0")
        #expect(Self.value(registry, #"predict_seconds_bucket{le="0.001"}"#) == "1")
        #expect(Self.value(registry, #"predict_seconds_bucket{le="0.0025"}"#) == "2")
        #expect(Self.value(registry, #"predict_seconds_bucket{le="300.0"}"#) == "2")
        #expect(Self.value(registry, #"predict_seconds_bucket{le="+Inf"}"#) == "3")
        #expect(Self.value(registry, "predict_seconds_count") == "3")
    }

    @Test func recordersOfSecondsHaveBucketsOfSeconds() {
        let registry = PrometheusRegistry()
        registry.makeRecorder(label: "request_seconds", dimensions: [], aggregate: true).record(0.000_02)
        #expect(Self.value(registry, #"request_seconds_bucket{le="1e-05"}"#) == "0")
        #expect(Self.value(registry, #"request_seconds_bucket{le="2.5e-05"}"#) == "1")
        registry.makeRecorder(label: "rows", dimensions: [], aggregate: true).record(Int64(3))
        #expect(Self.value(registry, #"rows_bucket{le="2.0"}"#) == "0")
        #expect(Self.value(registry, #"rows_bucket{le="5.0"}"#) == "1")
    }

    @Test func notANumberFallsInNoBucket() {
        let registry = PrometheusRegistry()
        let recorder = registry.makeRecorder(label: "size", dimensions: [], aggregate: true)
        recorder.record(Double.nan)
        recorder.record(Int64.max)
        #expect(Self.value(registry, "size_count") == "1")
    }

    @Test func sameNameAndLabelsAreTheSameSeries() {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "a.b", dimensions: [("x", "1"), ("y", "2")]).increment(by: 1)
        registry.makeCounter(label: "a_b_total", dimensions: [("y", "2"), ("x", "1")]).increment(by: 1)
        #expect(Self.value(registry, #"a_b_total{x="1",y="2"}"#) == "2")
    }

    @Test func manyThreadsLoseNothing() async {
        let registry = PrometheusRegistry()
        let counter = registry.makeCounter(label: "n", dimensions: [])
        let seconds = registry.makeFloatingPointCounter(label: "f", dimensions: [])
        let timer = registry.makeTimer(label: "t", dimensions: [])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<2000 {
                        counter.increment(by: 1)
                        seconds.increment(by: 0.5)
                        timer.recordNanoseconds(1_000_000)
                    }
                }
            }
        }
        #expect(Self.value(registry, "n_total") == "16000")
        #expect(Self.value(registry, "f_total") == "8000")
        #expect(Self.value(registry, "t_seconds_count") == "16000")
    }

    @Test func labelSetsPastTheLimitShareOneSeriesAndAreCounted() {
        let registry = PrometheusRegistry()
        let limit = MetricsLimits.maximumSeriesPerFamily
        for index in 0..<limit + 3 {
            registry.makeCounter(label: "c", dimensions: [("id", "\(index)")]).increment(by: 1)
        }
        #expect(Self.value(registry, "c_total{id=\"\(limit - 1)\"}") == "1")
        #expect(Self.value(registry, "c_total{id=\"\(limit)\"}") == nil)
        #expect(Self.value(registry, #"c_total{overflow="true"}"#) == "3")
        #expect(Self.value(registry, #"martlet_metrics_dropped_total{reason="series"}"#) == "3")
        // A series that is there already stays itself.
        registry.makeCounter(label: "c", dimensions: [("id", "0")]).increment(by: 1)
        #expect(Self.value(registry, #"c_total{id="0"}"#) == "2")
    }

    @Test func namesPastTheLimitAreCountedAndStillWorkForTheirCaller() {
        let registry = PrometheusRegistry()
        for index in 0..<MetricsLimits.maximumFamilies + 1 {
            registry.makeMeter(label: "m\(index)", dimensions: []).set(Int64(1))
        }
        #expect(Self.value(registry, "m\(MetricsLimits.maximumFamilies - 1)") == "1")
        #expect(Self.value(registry, "m\(MetricsLimits.maximumFamilies)") == nil)
        #expect(Self.value(registry, #"martlet_metrics_dropped_total{reason="families"}"#) == "1")
    }

    @Test func aNameOfTwoKindsKeepsTheFirst() {
        let registry = PrometheusRegistry()
        registry.makeMeter(label: "n_total", dimensions: []).set(Int64(7))
        registry.makeCounter(label: "n", dimensions: []).increment(by: 1)
        #expect(Self.value(registry, "n_total") == "7")
        #expect(Self.value(registry, #"martlet_metrics_dropped_total{reason="kind"}"#) == "1")
    }

    @Test func destroyedSeriesDisappear() {
        let registry = PrometheusRegistry()
        let counter = registry.makeCounter(label: "c", dimensions: [("id", "1")])
        registry.makeCounter(label: "c", dimensions: [("id", "2")]).increment(by: 1)
        registry.destroyCounter(counter)
        #expect(Self.value(registry, #"c_total{id="1"}"#) == nil)
        #expect(Self.value(registry, #"c_total{id="2"}"#) == "1")
    }

    @Test func collectorsAreAskedAtEachScrapeUpToTheirLimit() {
        let registry = PrometheusRegistry()
        for index in 0..<MetricsLimits.maximumCollectors + 1 {
            registry.collect { [.gauge("observed_\(index)", help: "x", [.init(1)])] }
        }
        #expect(Self.value(registry, "observed_\(MetricsLimits.maximumCollectors - 1)") == "1")
        #expect(Self.value(registry, "observed_\(MetricsLimits.maximumCollectors)") == nil)
        #expect(Self.value(registry, #"martlet_metrics_dropped_total{reason="collectors"}"#) == "1")
    }

    @Test func theProcessIsDescribed() throws {
        let registry = PrometheusRegistry()
        registry.collect(ProcessMetrics.families)
        func number(_ name: String) throws -> Double {
            let text = try #require(Self.value(registry, name), "\(name) is missing")
            return try #require(Double(text))
        }
        #if os(Linux)
        let before = try number("process_open_fds")
        let files = (0..<3).compactMap { _ in try? OpenFile() }
        #expect(try number("process_open_fds") >= before + Double(files.count) - 1)
        #expect(try number("process_resident_memory_bytes") > 1e6)
        #expect(try number("process_virtual_memory_bytes") >= number("process_resident_memory_bytes"))
        #expect(try number("process_start_time_seconds") > 1.6e9)
        #expect(try number("process_max_fds") > before)
        #expect(try number("process_threads") >= 1)
        #endif
        #expect(try number("process_cpu_seconds_total") > 0)
    }
}

#if os(Linux)
import Glibc

/// A descriptor that is open as long as the value lives.
final class OpenFile {
    struct Failed: Error {}
    private let descriptor: Int32

    init() throws {
        descriptor = open("/dev/null", O_RDONLY)
        guard descriptor >= 0 else { throw Failed() }
    }

    deinit {
        close(descriptor)
    }
}
#endif
