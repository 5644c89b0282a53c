import CoreMetrics
import Observability
import Testing

/// The text that Prometheus reads, byte for byte.
struct ExpositionTests {
    /// One of everything, with everything that needs escaping.
    static func registry() -> PrometheusRegistry {
        let registry = PrometheusRegistry()
        registry.describe("martlet_predictions_total", "Predictions by model.\nSecond line, back\\slash, \"quoted\".")
        let awkward = "back\\slash \"quotes\"\nline ünï 模型"
        registry.makeCounter(label: "martlet.predictions", dimensions: [("model", awkward), ("version", "2")])
            .increment(by: 41)
        registry.makeCounter(label: "martlet.predictions", dimensions: [("model", "cancer"), ("version", "1")])
            .increment(by: 1_000_000)
        registry.makeFloatingPointCounter(label: "martlet_busy_seconds", dimensions: []).increment(by: 0.125)
        registry.makeMeter(label: "martlet_queue", dimensions: [("le", "x"), ("9-lives", ""), ("__name__", "y")])
            .set(Double.infinity)
        registry.makeMeter(label: "martlet_ratio", dimensions: []).set(Double.nan)
        registry.makeMeter(label: "martlet_large", dimensions: []).set(-1.5e300)
        let timer = registry.makeTimer(label: "martlet.request.duration", dimensions: [("route", "/v2/models/{m}")])
        for nanoseconds: Int64 in [40_000, 40_000, 800_000, 12_000_000, 9_000_000_000] {
            timer.recordNanoseconds(nanoseconds)
        }
        registry.collect { [.gauge("martlet_build_info", help: "Build.", [.init(1, labels: [("version", "0.1")])])] }
        return registry
    }

    @Test func textFormat() throws {
        try expectGolden(String(decoding: Self.registry().render(.text), as: UTF8.self), "exposition.txt")
    }

    @Test func openMetricsFormat() throws {
        let text = String(decoding: Self.registry().render(.openMetrics), as: UTF8.self)
        try expectGolden(text, "exposition.openmetrics.txt")
    }

    @Test func sameStateSameBytes() {
        let registry = Self.registry()
        #expect(registry.render() == registry.render())
    }

    @Test(
        arguments: [
            (nil, ExpositionFormat.text), ("", .text), ("*/*", .text), ("text/html", .text),
            ("application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", .openMetrics),
            ("application/openmetrics-text; version=0.0.1", .text),
            ("application/openmetrics-text;q=0.2, text/plain;q=0.9", .text),
            ("application/openmetrics-text;q=0", .text), ("APPLICATION/OPENMETRICS-TEXT", .openMetrics),
            ("application/openmetrics-text;q=nan", .text),
            ("application/openmetrics-text" + String(repeating: " ", count: MetricsLimits.maximumAcceptBytes), .text),
        ] as [(String?, ExpositionFormat)]
    )
    func negotiation(_ accept: String?, _ format: ExpositionFormat) {
        #expect(ExpositionFormat.negotiated(accept: accept) == format)
    }

    @Test(arguments: [
        ("http.server.request.duration", "http_server_request_duration"), ("9lives", "_9lives"), ("", "_"),
        ("a-b c/d", "a_b_c_d"), ("ünï", "__n__"), ("vllm:tokens", "vllm:tokens"),
    ])
    func names(_ label: String, _ name: String) {
        #expect(MetricName.metric(label) == name)
        #expect(MetricName.counter(label) == name + "_total")
        #expect(MetricName.counter(name + "_total") == name + "_total")
        #expect(MetricName.timer(label) == name + "_seconds")
        #expect(MetricName.timer(name + "_seconds") == name + "_seconds")
    }

    @Test func namesAndLabelsAreBounded() throws {
        let long = String(repeating: "é", count: MetricsLimits.maximumNameBytes)
        #expect(MetricName.metric(long).utf8.count == MetricsLimits.maximumNameBytes)
        let labels = LabelSet((0..<MetricsLimits.maximumLabels + 1).map { ("l\($0)", long) })
        #expect(labels.pairs.count == MetricsLimits.maximumLabels)
        let value = try #require(labels.pairs.first?.value)
        #expect(value == String(repeating: "é", count: MetricsLimits.maximumLabelValueBytes / 2))
        #expect(LabelSet([("a-b", "1"), ("a_b", "2")]).pairs.map(\.value) == ["2"])
        #expect(MetricName.label("a:b") == "a_b")
    }
}
