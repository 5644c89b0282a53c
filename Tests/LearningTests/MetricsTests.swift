import Core
import Learning
import Performance
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("equal scikit-learn's on a case with ties")
    func reference() throws {
        // sklearn 1.9.1 on the same numbers: see the values beside each expectation.
        let probabilities: [Float] = [0.1, 0.4, 0.35, 0.8, 0.8, 0.5, 0.5, 0.05, 0.95, 0.3]
        let labels = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1]
        let metrics = try ClassificationMetrics(probabilities: probabilities, labels: labels, classes: 2)
        #expect(metrics.rows == 10)
        #expect(abs(metrics.accuracy - 0.6) < 1e-12)
        #expect(abs(metrics.auroc - 0.68) < 1e-12)
        #expect(abs(metrics.logLoss - 0.6191443481891732) < 1e-6)
        #expect(abs(metrics.precision - 0.6) < 1e-12)
        #expect(abs(metrics.recall - 0.6) < 1e-12)
        #expect(abs(metrics.f1 - 0.6) < 1e-12)
        #expect(metrics.confusion.counts == [[3, 2], [2, 3]])
        #expect(metrics["auroc"] == metrics.auroc && metrics["nope"] == nil)
    }

    @Test("are defined at the edges: one class only, perfect, worst, certain and wrong")
    func edges() throws {
        let single = try ClassificationMetrics(probabilities: [0.2, 0.3], labels: [0, 0], classes: 2)
        #expect(single.auroc.isNaN && single.accuracy == 1 && single.precision == 0 && single.recall == 0)
        #expect(single.json["auroc"] == nil && single.json["accuracy"]?.doubleValue == 1)
        let perfect = try ClassificationMetrics(probabilities: [0, 1], labels: [0, 1], classes: 2)
        #expect(perfect.auroc == 1 && perfect.accuracy == 1 && perfect.logLoss < 1e-12 && perfect.f1 == 1)
        let worst = try ClassificationMetrics(probabilities: [1, 0], labels: [0, 1], classes: 2)
        #expect(worst.auroc == 0 && worst.accuracy == 0 && abs(worst.logLoss - 34.54) < 0.01 && worst.f1 == 0)
        let level = try ClassificationMetrics(probabilities: [0.5, 0.5], labels: [0, 1], classes: 2)
        #expect(level.auroc == 0.5)
    }

    @Test("take the most probable of several classes")
    func multiclass() throws {
        let probabilities: [Float] = [0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.2, 0.3, 0.5, 0.4, 0.4, 0.2]
        let metrics = try ClassificationMetrics(probabilities: probabilities, labels: [0, 1, 2, 1], classes: 3)
        #expect(metrics.confusion.counts == [[1, 0, 0], [1, 1, 0], [0, 0, 1]])
        #expect(metrics.accuracy == 0.75)
        #expect(abs(metrics.recall - (1 + 0.5 + 1) / 3) < 1e-12)
        #expect(metrics.auroc == 1)
    }

    @Test("refuse sizes and labels that do not fit")
    func refusals() {
        for (probabilities, labels, classes) in [
            ([Float](), [Int](), 2), ([0.5], [0, 1], 2), ([0.5, 0.5, 0.5], [0], 2), ([0.5], [2], 2), ([0.5], [-1], 2),
            ([0.5], [0], 1),
        ] {
            #expect(throws: MartletError.self) {
                try ClassificationMetrics(probabilities: probabilities, labels: labels, classes: classes)
            }
        }
    }
}

@Suite("Comparing two models")
struct ModelComparisonTests {
    private static func side(_ right: [Bool], threshold: Double = 0.5) -> ModelComparison.Side {
        let labels = right.indices.map { $0 % 2 }
        return ModelComparison.Side(
            labels: labels,
            probabilities: zip(labels, right).map { ($0 == 1) == $1 ? 0.9 : 0.1 },
            threshold: threshold
        )
    }

    @Test("counts who was right alone and how sure that is")
    func counts() throws {
        let candidate = Self.side((0..<40).map { $0 < 38 })
        let champion = Self.side((0..<40).map { $0 < 28 || $0 == 39 })
        let comparison = try ModelComparison.compare(candidate, champion, classes: 2)
        #expect(comparison.rows == 40)
        #expect(comparison.onlyCandidateRight == 10 && comparison.onlyChampionRight == 1)
        #expect(comparison.disagreement == 11.0 / 40)
        // scipy.stats.binomtest(1, 11).pvalue
        #expect(abs(comparison.pValue - 0.01171875) < 1e-12)
        #expect(abs(try comparison.gain("accuracy") - 9.0 / 40) < 1e-12)
        #expect(try comparison.gain("log_loss") > 0)
        #expect(comparison.accuracyInterval.low > 0 && comparison.accuracyInterval.high < 0.5)
        #expect(comparison.json["p_value"] != nil)
        #expect(throws: MartletError.self) { try comparison.gain("beauty") }
    }

    @Test("finds nothing between equal models, and is repeatable")
    func equal() throws {
        let side = Self.side((0..<30).map { $0 % 5 != 0 })
        let comparison = try ModelComparison.compare(side, side, classes: 2)
        #expect(comparison.pValue == 1 && comparison.disagreement == 0)
        #expect(comparison.accuracyInterval == (0, 0))
        let other = Self.side((0..<30).map { $0 % 4 != 0 })
        let (first, second) = (
            try ModelComparison.compare(side, other, classes: 2), try ModelComparison.compare(side, other, classes: 2)
        )
        #expect(first.accuracyInterval == second.accuracyInterval)
        #expect(LearningLimits.bootstrapResamples >= 1000)
    }

    @Test("refuses other rows, no rows and outputs that do not fit")
    func refusals() {
        let side = Self.side([true, false])
        let other = ModelComparison.Side(labels: [1, 0], probabilities: [0.5, 0.5])
        let short = ModelComparison.Side(labels: [0, 1], probabilities: [0.5])
        let empty = ModelComparison.Side(labels: [], probabilities: [])
        for (left, right) in [(side, other), (side, short), (empty, empty)] {
            #expect(throws: MartletError.self) { try ModelComparison.compare(left, right, classes: 2) }
        }
    }
}
