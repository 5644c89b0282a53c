import Core
import Performance
import Testing

@Suite("Regression with labels")
struct RegressionTests {
    @Test("equals scikit-learn")
    func parity() throws {
        for item in try VectorFile("sklearn_regression.json").cases() {
            let name = try item.text("name")
            let performance = try RegressionPerformance(
                truths: item.numbers("truths"),
                predictions: item.numbers("predictions")
            )
            for (key, value) in try #require(item["metrics"]?.objectValue).pairs {
                let number = try #require(performance[key], "\(name): there is no \(key)")
                let wanted = try #require(value.doubleValue)
                // Logarithms of values near 1e9 that differ by 0.1 cancel all but their last digits.
                let relative = name == "far from zero" && key.hasSuffix("sle") ? 1e-5 : 1e-9
                #expect(
                    agree(number, wanted, relative: relative, absolute: 1e-22),
                    "\(name): \(key) \(number) \(wanted)"
                )
            }
        }
    }

    @Test("leaves out what is missing and gives reasons instead of NaN")
    func edges() throws {
        let nothing = try RegressionPerformance(truths: [], predictions: [])
        #expect(nothing.rows == 0 && nothing.metrics.allSatisfy { $0.value == nil && $0.reason != nil })
        let missing = try RegressionPerformance(truths: [.nan, 1], predictions: [1, .infinity])
        #expect(missing.rows == 0 && missing.skipped == 2 && missing["mae"] == nil)
        let one = try RegressionPerformance(truths: [2, .nan], predictions: [3, 3])
        #expect(one.rows == 1 && one["mae"] == 1 && one["r2"] == nil)
        #expect(one.metrics["r2"]?.reason?.hasPrefix("insufficient data") == true)
        #expect(one.metrics["mae"]?.standardError == nil)
        let huge = try RegressionPerformance(truths: [1e300, -1e300], predictions: [-1e300, 1e300])
        #expect(huge["mse"] == nil && huge.metrics["mse"]?.reason != nil)
        let negative = try RegressionPerformance(truths: [-1, 2], predictions: [1, 2])
        #expect(negative.metrics["msle"] == nil)
        #expect(throws: MartletError.self) { try RegressionPerformance(truths: [1], predictions: []) }
    }

    @Test("has standard errors that cover the truth")
    func coverage() throws {
        var random = SeededGenerator(seed: 11)
        var covered = [0, 0]
        for _ in 0..<300 {
            let errors = (0..<80).map { _ in random.normal() }
            let sample = try RegressionPerformance(truths: errors.map { _ in 0 }, predictions: errors)
            for (index, (name, truth)) in [("mae", 0.7978845608), ("rmse", 1.0)].enumerated() {
                let metric = try #require(sample.metrics[name])
                let distance = abs(try #require(metric.value) - truth)
                if distance < 2 * (try #require(metric.standardError)) { covered[index] += 1 }
            }
        }
        #expect(covered.allSatisfy { $0 > 270 && $0 < 300 })
    }
}
