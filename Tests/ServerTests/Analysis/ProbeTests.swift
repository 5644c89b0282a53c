import Core
import Egress
import Rollouts
import Server
import Testing

/// What Prometheus and webhooks may answer, and what it means.
@Suite("Analysis: probes")
struct ProbeTests {
    private static let below = MeasurementCondition(maximum: 0.05)

    private func read(_ body: String, _ condition: MeasurementCondition = below, status: Int = 200) throws
        -> ExternalMeasurement
    {
        try PrometheusProbe.read(status: status, body: Array(body.utf8), condition: condition)
    }

    private func vector(_ values: String...) -> String {
        let series = values.map { #"{"metric":{},"value":[1767225600.1,"\#($0)"]}"# }.joined(separator: ",")
        return #"{"status":"success","data":{"resultType":"vector","result":[\#(series)]}}"#
    }

    @Test("A scalar and a vector of one series are judged by the condition")
    func figures() throws {
        let scalar = #"{"status":"success","data":{"resultType":"scalar","result":[1767225600,"0.01"]}}"#
        #expect(try read(scalar).outcome == .pass)
        #expect(try read(scalar).value == 0.01)
        #expect(try read(vector("0.05")).outcome == .pass)
        #expect(try read(vector("0.06")).outcome == .fail)
        #expect(try read(vector("1e-3"), MeasurementCondition(minimum: 0.9, failBelow: 0.0001)).outcome == .undecided)
    }

    @Test("Of several series the worst speaks")
    func worst() throws {
        let measured = try read(vector("0.01", "0.9", "0.02"))
        #expect(measured.outcome == .fail)
        #expect(measured.value == 0.9)
        #expect(measured.samples == 3)
    }

    @Test("No series and what is no number are no data, which never passes", arguments: ["", "NaN", "+Inf", "-Inf"])
    func noData(text: String) throws {
        let body = text.isEmpty ? vector() : vector(text)
        for condition in [MeasurementCondition(minimum: -1e300), MeasurementCondition(maximum: 1e300)] {
            let measured = try read(body, condition)
            #expect(measured.outcome(under: condition) != .pass, "\(text)")
            #expect(measured.isError == false)
        }
        #expect(try read(vector("0.01", "NaN")).outcome(under: Self.below) == .undecided)
    }

    @Test("Beyond every bound is harm")
    func infinite() throws {
        #expect(try read(vector("+Inf")).outcome(under: Self.below) == .fail)
        #expect(try read(vector("-Inf"), MeasurementCondition(minimum: 0)).outcome == .fail)
    }

    @Test(
        "Anything else is an error with the server's own words",
        arguments: [
            (
                400, #"{"status":"error","errorType":"bad_data","error":"parse error: unexpected end"}"#,
                "unexpected end"
            ),
            (503, "down", "503"), (200, "{}", "no reason"), (200, "[1]", "no reason"),
            (200, #"{"status":"success","data":{"resultType":"matrix","result":[]}}"#, "matrix"),
            (200, #"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#, "string"),
            (200, #"{"status":"success","data":{"resultType":"vector","result":[{"value":[1]}]}}"#, "sample"),
            (200, #"{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"x"]}]}}"#, "sample"),
        ]
    )
    func errors(status: Int, body: String, words: String) {
        let error = #expect(throws: MartletError.self) { try read(body, status: status) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("As many series as the limit are judged, and one more is an error")
    func series() throws {
        let most = Array(repeating: "0.01", count: AnalysisLimits.series)
        let join = { (values: [String]) in
            let series = values.map { #"{"value":[1,"\#($0)"]}"# }.joined(separator: ",")
            return #"{"status":"success","data":{"resultType":"vector","result":[\#(series)]}}"#
        }
        #expect(try read(join(most)).outcome == .pass)
        #expect(throws: MartletError.self) { try read(join(most + ["0.01"])) }
    }

    @Test("A query gets the rollout's names, and no others")
    func query() throws {
        let question = RolloutMeasurementsTests.question(RolloutChecks())
        let text = #"rate(errors{d="{{deployment}}",v="{{ candidate }}"}[5m]) / x{v="{{stable}}"}"#
        let filled = try PrometheusProbe.query(text, question)
        #expect(filled == #"rate(errors{d="cancer",v="4"}[5m]) / x{v="3"}"#)
        let error = #expect(throws: MartletError.self) { try PrometheusProbe.query("{{version}}", question) }
        #expect(error?.message.contains("version") == true)
        let most = String(repeating: "x", count: AnalysisLimits.queryBytes)
        #expect(try PrometheusProbe.query(most, question) == most)
        #expect(throws: MartletError.self) { try PrometheusProbe.query(most + "x", question) }
    }

    @Test(
        "A webhook's verdicts",
        arguments: [("pass", CheckResult.Outcome.pass), ("fail", .fail), ("inconclusive", .undecided)]
    )
    func verdicts(word: String, outcome: CheckResult.Outcome) throws {
        let plain = try WebhookProbe.read(
            status: 200,
            body: Array(#"{"verdict":"\#(word)"}"#.utf8),
            what: "The webhook"
        )
        #expect(plain.outcome == outcome)
        #expect(plain.value == nil)
        let full = #"{"verdict":"\#(word)","value":0.5,"message":"as you see","extra":1}"#
        let read = try WebhookProbe.read(status: 200, body: Array(full.utf8), what: "The webhook")
        #expect(read.value == 0.5)
        #expect(read.message == "as you see")
    }

    @Test(
        "Any other answer of a webhook is an error",
        arguments: [
            (204, ""), (500, #"{"verdict":"pass"}"#), (302, #"{"verdict":"pass"}"#), (200, ""), (200, "pass"),
            (200, #"{"verdict":"Pass"}"#), (200, #"{"verdict":true}"#), (200, #"{"verdict":"pass","value":"1"}"#),
            (200, #"{"verdict":"pass","message":7}"#), (200, #"[{"verdict":"pass"}]"#),
        ]
    )
    func badVerdicts(status: Int, body: String) {
        #expect(throws: MartletError.self) {
            try WebhookProbe.read(status: status, body: Array(body.utf8), what: "The webhook")
        }
    }

    @Test("A query is sent as a form, with limits on time and answer")
    func request() throws {
        let question = RolloutMeasurementsTests.question(RolloutChecks())
        var check = MeasurementSeriesTests.check()
        check.query = "a + b{x=\"é\"}"
        check.server = "http://prometheus:9090/base/"
        check.external.timeout = .seconds(AnalysisLimits.timeoutSeconds + 1)
        let request = try PrometheusProbe.request(check, question, [(name: "Authorization", value: "Bearer x")])
        #expect(request.url.path == "/base/api/v1/query")
        #expect(request.body.map { String(decoding: $0, as: UTF8.self) } == "query=a%20%2B%20b%7Bx%3D%22%C3%A9%22%7D")
        #expect(request.timeLimit == .seconds(AnalysisLimits.timeoutSeconds))
        #expect(request.answerLimit == AnalysisLimits.answerBytes)
        #expect(request.headers.contains { $0.name == "Authorization" && $0.value == "Bearer x" })
        check.external.timeout = .seconds(2)
        #expect(try PrometheusProbe.request(check, question, []).timeLimit == .seconds(2))
    }

    @Test("A header's value is one line of a secret, as long as the limit and no longer")
    func headers() async throws {
        let long = String(repeating: "x", count: AnalysisLimits.headerBytes)
        let texts = ["token": "Bearer x\n", "long": long, "longer": long + "x", "two": "a\nb", "none": ""]
        let headers = ExternalHeaders { names in texts.filter { names.contains($0.key) } }
        func value(_ secret: String) async throws -> String? {
            try await headers.values([ExternalHeader(name: "Authorization", secret: secret)]).first?.value
        }
        #expect(try await value("token") == "Bearer x")
        #expect(try await value("long") == long)
        for secret in ["longer", "two", "none"] {
            await #expect(throws: MartletError.self) { try await value(secret) }
        }
    }
}
