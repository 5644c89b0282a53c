import Core
import Performance
import Testing

@Suite("Confidence-based estimation")
struct CBPETests {
    private struct Case {
        let name: String
        let reference: ClassificationRows
        let analysis: ScoredRows
        let chunks: Chunking
        let calibration: CBPE.Calibration
        let expected: JSONValue

        init(_ item: JSONValue) throws {
            name = try item.text("name")
            chunks = item["chunk_size"]?.integerValue.map { .size(Int($0)) } ?? .count(10)
            calibration = try item.text("calibration") == "always" ? .always : .never
            expected = try #require(item["expected"])
            let (reference, analysis) = (try #require(item["reference"]), try #require(item["analysis"]))
            if try item.text("kind") == "binary" {
                self.reference = try ClassificationRows(
                    labels: reference.integers("y_true").map(String.init),
                    predictions: reference.integers("y_pred").map(String.init),
                    scores: .positive(reference.numbers("s")),
                    classes: ["0", "1"]
                )
                self.analysis = try ScoredRows(
                    predictions: analysis.integers("y_pred").map(String.init),
                    scores: .positive(analysis.numbers("s")),
                    classes: ["0", "1"]
                )
            } else {
                let texts = { (value: JSONValue?) in (value?.arrayValue ?? []).compactMap(\.stringValue) }
                self.reference = try ClassificationRows(
                    labels: texts(reference["y_true"]),
                    predictions: texts(reference["y_pred"]),
                    scores: .all(reference.numbers("p")),
                    classes: texts(item["classes"])
                )
                self.analysis = try ScoredRows(
                    predictions: texts(analysis["y_pred"]),
                    scores: .all(analysis.numbers("p")),
                    classes: texts(item["classes"])
                )
            }
        }
    }

    private static func cases() throws -> [JSONValue] {
        try VectorFile("nannyml.json").cases().filter { $0["kind"]?.stringValue != "regression" }
    }

    @Test("equals NannyML: estimates, sampling errors, confidence bounds, thresholds and alerts of every chunk")
    func parity() throws {
        for item in try Self.cases() {
            let test = try Case(item)
            let estimator = try CBPE(reference: test.reference, chunks: test.chunks, calibration: test.calibration)
            let reference = try estimator.estimate(ScoredRows(test.reference), chunks: test.chunks)
            let analysis = try estimator.estimate(test.analysis, chunks: test.chunks)
            for (period, chunks) in [("reference", reference), ("analysis", analysis)] {
                let wanted = try #require(test.expected[period]?.arrayValue)
                #expect(chunks.count == wanted.count, "\(test.name)")
                for (chunk, expected) in zip(chunks, wanted) {
                    try Self.compare(chunk, expected, "\(test.name), \(period)")
                }
            }
        }
    }

    private static func compare(_ chunk: CBPE.Chunk, _ expected: JSONValue, _ name: String) throws {
        #expect(chunk.range.lowerBound == Int(try expected.number("start")), "\(name)")
        #expect(chunk.range.upperBound - 1 == Int(try expected.number("end")), "\(name)")
        for (metric, wanted) in try #require(expected["metrics"]?.objectValue).pairs {
            let ours = try #require(chunk.estimates[metric])
            let place = "\(name) \(chunk.range) \(metric)"
            for (key, value) in [
                ("value", ours.value), ("sampling_error", ours.samplingError), ("lower", ours.lower),
                ("upper", ours.upper), ("lower_threshold", ours.threshold?.lower),
                ("upper_threshold", ours.threshold?.upper),
            ] {
                let peer = wanted[key]?.doubleValue
                // Without an estimate there is nothing that an error would belong to.
                if ours.value == nil, key == "sampling_error" { continue }
                if let peer {
                    let value = try #require(value, "\(place) \(key)")
                    #expect(agree(value, peer, relative: 1e-6, absolute: 1e-9), "\(place) \(key): \(value) \(peer)")
                } else {
                    #expect(value == nil, "\(place) \(key): \(String(describing: value))")
                }
            }
            if ours.value != nil { #expect(ours.alert == wanted["alert"]?.boolValue, "\(place)") }
        }
    }

    @Test("calibrates by itself where the peer does on clear cases")
    func automatic() throws {
        var agreed = (same: 0, all: 0)
        for item in try Self.cases() {
            let test = try Case(item)
            let estimator = try CBPE(reference: test.reference, chunks: test.chunks)
            let peer = try #require(item["peer_decides"]?.arrayValue).map { $0.boolValue ?? false }
            for (ours, theirs) in zip(estimator.isCalibrated, peer) {
                agreed.all += 1
                agreed.same += ours == theirs ? 1 : 0
            }
        }
        // The peer's random splits are NumPy's: where calibration hardly matters the two may differ.
        #expect(agreed.all >= 20 && agreed.same * 4 >= agreed.all * 3, "\(agreed)")
    }

    @Test("fits isotonic steps as scikit-learn does")
    func isotonic() throws {
        for item in try VectorFile("nannyml.json").cases("isotonic") {
            let outcomes = try item.integers("outcomes").map { $0 == 1 }
            let fit = try #require(IsotonicCalibration(scores: item.numbers("scores"), isPositive: outcomes))
            let values = try item.numbers("at").map(fit.callAsFunction)
            let name = try item.text("name")
            #expect(agree(values, try item.numbers("expected")), "\(name)")
        }
        #expect(IsotonicCalibration(scores: [], isPositive: []) == nil)
    }
}
