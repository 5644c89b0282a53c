import Core
import Performance
import Statistics
import Testing

@Suite("Direct loss estimation")
struct DirectLossTests {
    private struct Rows {
        let features: SampleMatrix
        let predictions: [Double]
        let truths: [Double]

        init(_ item: JSONValue) throws {
            let (x, c) = (try item.numbers("x"), try item.numbers("c"))
            features = try SampleMatrix(
                names: ["x", "c"],
                elements: zip(x, c).flatMap { [Float($0.0), Float($0.1)] }
            )
            predictions = try item.numbers("y_pred")
            truths = try item.numbers("y_true")
        }
    }

    @Test("has NannyML's bounds and sampling errors, and estimates as near to the truth as the peer's")
    func parity() throws {
        let cases = try VectorFile("nannyml.json").cases().filter { $0["kind"]?.stringValue == "regression" }
        #expect(cases.count == 2)
        for item in cases {
            let name = try item.text("name")
            let reference = try Rows(try #require(item["reference"]))
            let analysis = try Rows(try #require(item["analysis"]))
            let chunks = item["chunk_size"]?.integerValue.map { Chunking.size(Int($0)) } ?? .count(10)
            let estimator = try DirectLossEstimator(
                features: reference.features,
                predictions: reference.predictions,
                truths: reference.truths,
                chunks: chunks
            )
            let ours = try estimator.estimate(
                features: analysis.features,
                predictions: analysis.predictions,
                chunks: chunks
            )
            let wanted = try #require(item["expected"]?["analysis"]?.arrayValue)
            #expect(ours.count == wanted.count)
            for (chunk, peer) in zip(ours, wanted) { try Self.compare(chunk, peer, name) }
            try Self.compareWhole(estimator, analysis, wanted, name)
        }
    }

    private static func compare(_ chunk: DirectLossEstimator.Chunk, _ peer: JSONValue, _ name: String) throws {
        for (metric, expected) in try #require(peer["metrics"]?.objectValue).pairs {
            let ours = try #require(chunk.estimates[metric])
            let place = "\(name) \(chunk.range) \(metric)"
            let threshold = try #require(ours.threshold)
            #expect(agree(try #require(threshold.lower), try expected.number("lower_threshold")), "\(place)")
            #expect(agree(try #require(threshold.upper), try expected.number("upper_threshold")), "\(place)")
            let error = try #require(ours.samplingError)
            #expect(agree(error, try expected.number("sampling_error")), "\(place)")
            // The trees are not the peer's: the estimates agree within two sampling errors.
            let value = try #require(ours.value)
            #expect(abs(value - (try expected.number("value"))) < 2 * error, "\(place) \(value)")
        }
    }

    /// Over all rows at once the estimate is within three sampling errors of what really came out.
    private static func compareWhole(
        _ estimator: DirectLossEstimator,
        _ rows: Rows,
        _ peer: [JSONValue],
        _ name: String
    ) throws {
        let whole = try #require(
            try estimator.estimate(features: rows.features, predictions: rows.predictions).first
        )
        let truth = try RegressionPerformance(truths: rows.truths, predictions: rows.predictions)
        let moved = name.contains("moved")
        for metric in ["mae", "rmse"] {
            let estimate = try #require(whole.estimates[metric])
            let (value, error) = (try #require(estimate.value), try #require(estimate.samplingError))
            let distance = abs(value - (try #require(truth[metric])))
            // Where the inputs have left the reference trees extrapolate flatly, ours as the peer's.
            #expect(distance < (moved ? 9 : 3) * error, "\(name) \(metric) \(value) \(error) \(distance)")
        }
    }

    @Test("learns where the first model is wrong")
    func learns() throws {
        var random = SeededGenerator(seed: 5)
        let inputs = (0..<2_000).map { _ in random.uniform(0, 4) }
        let truths = inputs.map { $0 + random.normal() * ($0 > 2 ? 3 : 0.5) }
        let features = try SampleMatrix(names: ["x"], elements: inputs.map { Float($0) })
        let estimator = try DirectLossEstimator(features: features, predictions: inputs, truths: truths)
        for (input, deviation) in [(Float(1), 0.5), (3, 3)] {
            let rows = try SampleMatrix(names: ["x"], elements: Array(repeating: input, count: 200))
            let chunk = try #require(
                try estimator.estimate(
                    features: rows,
                    predictions: Array(repeating: Double(input), count: 200)
                ).first
            )
            let mae = try #require(chunk.estimates["mae"]?.value)
            #expect(abs(mae - deviation * 0.798) < 0.25 * deviation, "\(input) \(mae)")
            #expect(chunk.estimates["mae"]?.alert == true)
        }
    }

    @Test("says what is missing")
    func edges() throws {
        let features = try SampleMatrix(names: ["x"], elements: [1, 2, 3])
        #expect(throws: MartletError.self) {
            try DirectLossEstimator(features: features, predictions: [1, 2, 3], truths: [.nan, .nan, 1])
        }
        #expect(throws: MartletError.self) {
            try DirectLossEstimator(features: features, predictions: [1, 2], truths: [1, 2])
        }
        let estimator = try DirectLossEstimator(features: features, predictions: [1, 2, -3], truths: [1, 2, 4])
        #expect(estimator.metrics == [.mae, .mape, .mse, .rmse])
        let nothing = try #require(
            try estimator.estimate(features: features, predictions: [.nan, .nan, .infinity]).first
        )
        #expect(nothing.estimates.allSatisfy { $0.value == nil && $0.reason != nil && $0.alert == nil })
        let missing = try SampleMatrix(names: ["x"], elements: [.nan])
        let one = try #require(try estimator.estimate(features: missing, predictions: [1]).first)
        #expect(one.estimates.allSatisfy { $0.value != nil && $0.samplingError != nil })
        #expect(throws: MartletError.self) {
            try estimator.estimate(features: SampleMatrix(names: ["a", "b"], elements: [1, 2]), predictions: [1])
        }
        let width = PerformanceLimits.features
        let atLimit = try SampleMatrix(
            names: (0..<width).map(String.init),
            elements: Array(repeating: 1, count: 2 * width)
        )
        _ = try DirectLossEstimator(features: atLimit, predictions: [1, 2], truths: [2, 2])
        let past = try SampleMatrix(
            names: (0...width).map(String.init),
            elements: Array(repeating: 1, count: 2 * width + 2)
        )
        #expect(throws: MartletError.self) {
            try DirectLossEstimator(features: past, predictions: [1, 2], truths: [2, 2])
        }
    }
}
