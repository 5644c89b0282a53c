import Core
import Performance
import Testing

@Suite("Classification with labels")
struct ClassificationTests {
    private static func compare(_ metrics: [MetricValue], _ expected: JSONValue, _ name: String) throws {
        let wanted = try #require(expected["metrics"]?.objectValue)
        #expect(wanted.count > 5)
        for (key, value) in wanted.pairs {
            let metric = try #require(metrics[key], "\(name): there is no \(key)")
            let number = try #require(metric.value, "\(name): \(key) has no value: \(metric.reason ?? "")")
            #expect(agree(number, try #require(value.doubleValue)), "\(name): \(key) \(number) \(value)")
        }
        for metric in metrics { #expect((metric.value == nil) == (metric.reason != nil), "\(name): \(metric.name)") }
    }

    @Test("of two classes equals scikit-learn: metrics, confusion, curves, calibration")
    func binary() throws {
        for item in try VectorFile("sklearn_binary.json").cases() {
            let name = try item.text("name")
            let rows = try ClassificationRows(
                labels: item.integers("labels").map(String.init),
                predictions: item.integers("predictions").map(String.init),
                scores: .positive(item.numbers("scores")),
                classes: ["0", "1"]
            )
            let performance = ClassificationPerformance(rows)
            try Self.compare(performance.metrics, item, name)
            #expect(performance.confusion.json == item["confusion"], "\(name)")
            let positive = try #require(performance.classes.first)
            if let error = item["auc_error"]?.doubleValue {
                #expect(agree(try #require(performance.metrics["roc_auc"]?.standardError), error), "\(name)")
            }
            try Self.compareCurves(positive, item, name)
            try Self.compareCalibration(#require(performance.calibration), item, name)
        }
    }

    private static func compareCurves(
        _ positive: ClassificationPerformance.Class,
        _ item: JSONValue,
        _ name: String
    ) throws {
        if let roc = item["roc"] {
            let points = try #require(positive.roc).points
            #expect(points.count <= PerformanceLimits.curvePoints)
            if try roc.numbers("fpr").count <= PerformanceLimits.curvePoints {
                #expect(agree(points.map(\.x), try roc.numbers("fpr")), "\(name)")
                #expect(agree(points.map(\.y), try roc.numbers("tpr")), "\(name)")
                #expect(points.map(\.threshold) == (try roc.optionalNumbers("threshold")), "\(name)")
            }
        } else if item["metrics"]?["roc_auc"] == nil {
            #expect(positive.roc == nil, "\(name)")
        }
        guard let curve = item["pr"], try curve.numbers("recall").count <= PerformanceLimits.curvePoints else { return }
        let points = try #require(positive.precisionRecall).points
        #expect(agree(points.map(\.x), try curve.numbers("recall")), "\(name)")
        #expect(agree(points.map(\.y), try curve.numbers("precision")), "\(name)")
        #expect(points.map(\.threshold) == (try curve.optionalNumbers("threshold")), "\(name)")
    }

    private static func compareCalibration(_ report: CalibrationReport, _ item: JSONValue, _ name: String) throws {
        let curve = try #require(item["calibration"])
        #expect(report.bins.map(\.count) == (try curve.integers("counts")), "\(name)")
        #expect(agree(report.bins.map(\.meanProbability), try curve.numbers("mean")), "\(name)")
        #expect(agree(report.bins.map(\.fractionPositive), try curve.numbers("fraction")), "\(name)")
        if let line = item["recalibration"] {
            let (slope, intercept) = (report.slope, report.intercept)
            #expect(agree(try #require(slope.value), try line.number("slope"), relative: 1e-7), "\(name)")
            let value = try #require(intercept.value)
            #expect(agree(value, try line.number("intercept"), relative: 1e-7, absolute: 1e-9), "\(name)")
            let error = try #require(slope.standardError)
            #expect(agree(error, try line.number("slope_error"), relative: 1e-6), "\(name)")
            #expect(agree(try #require(intercept.standardError), try line.number("intercept_error"), relative: 1e-6))
        }
        guard let groups = item["hosmer_lemeshow"] else { return }
        let statistic = try #require(report.hosmerLemeshow.value, "\(name)")
        #expect(agree(statistic, try groups.number("statistic"), relative: 1e-8), "\(name)")
        let pValue = try #require(report.hosmerLemeshowPValue)
        #expect(agree(pValue, try groups.number("p_value"), relative: 1e-6, absolute: 1e-300), "\(name)")
    }

    @Test("of several classes equals scikit-learn, each against the rest")
    func multiclass() throws {
        for item in try VectorFile("sklearn_multiclass.json").cases() {
            let name = try item.text("name")
            let classes = try #require(item["classes"]?.arrayValue).compactMap(\.stringValue)
            let probabilities = try #require(item["probabilities"]?.arrayValue).flatMap {
                ($0.arrayValue ?? []).compactMap(\.doubleValue)
            }
            let rows = try ClassificationRows(
                labels: item.integers("labels").map { classes[$0] },
                predictions: item.integers("predictions").map { classes[$0] },
                scores: .all(probabilities),
                classes: classes
            )
            let performance = ClassificationPerformance(rows)
            try Self.compare(performance.metrics, item, name)
            #expect(performance.confusion.json == item["confusion"], "\(name)")
            for (index, expected) in (item["by_class"]?.arrayValue ?? []).enumerated() {
                for metric in ["roc_auc", "average_precision", "f1"] {
                    let ours = try #require(performance.classes[index].metrics[metric]?.value)
                    #expect(agree(ours, try expected.number(metric)), "\(name) \(index) \(metric)")
                }
            }
        }
    }

    @Test("keeps the ends and the shape of a long curve")
    func longCurve() throws {
        var random = SeededGenerator(seed: 3)
        let scores = (0..<20_000).map { _ in random.uniform() }
        let ranked = RankedScores(scores: scores, isPositive: scores.map { random.uniform() < $0 })
        let roc = try #require(PerformanceCurve.roc(ranked))
        #expect(roc.points.count <= PerformanceLimits.curvePoints && roc.points.count > 150)
        #expect(roc.points.first?.x == 0 && roc.points.last?.x == 1 && roc.points.last?.y == 1)
        let area = zip(roc.points, roc.points.dropFirst()).reduce(0) {
            $0 + ($1.1.x - $1.0.x) * ($1.1.y + $1.0.y) / 2
        }
        #expect(abs(area - ranked.areaUnderCurve) < 0.001)
        let exact = try #require(PerformanceCurve.roc(ranked, limit: 30_000))
        #expect(exact.points.count > PerformanceLimits.curvePoints)
        let recall = try #require(PerformanceCurve.precisionRecall(ranked))
        #expect(recall.points.count <= PerformanceLimits.curvePoints && recall.points.last?.y == 1)
    }
}
