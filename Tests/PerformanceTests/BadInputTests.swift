import Core
import Performance
import Testing

@Suite("Performance of too little or bad data")
struct BadInputTests {
    private static func rows(
        _ labels: [String?],
        _ predictions: [String?],
        _ scores: [Double],
        classes: [String] = ["no", "yes"]
    ) throws -> ClassificationPerformance {
        ClassificationPerformance(
            try ClassificationRows(
                labels: labels,
                predictions: predictions,
                scores: .positive(scores),
                classes: classes
            )
        )
    }

    private static func isHonest(_ metrics: [MetricValue]) -> Bool {
        metrics.allSatisfy { metric in
            if let value = metric.value { return value.isFinite && metric.reason == nil }
            return metric.reason?.hasPrefix("insufficient data: ") == true
        }
    }

    @Test("is a reason and never NaN: empty, one row, one class, NaN scores, no probabilities, unknown labels")
    func reasons() throws {
        let nan = Double.nan
        let cases: [(String, ClassificationPerformance)] = [
            ("empty", try Self.rows([], [], [])),
            ("no labels", try Self.rows([nil, nil], ["no", "yes"], [0.1, 0.9])),
            ("one row", try Self.rows(["yes"], ["yes"], [0.9])),
            ("one class", try Self.rows(["no", "no", "no"], ["no", "yes", "no"], [0.1, 0.9, 0.2])),
            ("NaN scores", try Self.rows(["no", "yes"], ["no", "yes"], [nan, nan])),
            ("no probabilities", try Self.rows(["no", "yes", "no"], ["no", "yes", "yes"], [-3, 7, 2])),
            ("infinite scores", try Self.rows(["no", "yes"], ["no", "yes"], [-.infinity, .infinity])),
            ("unknown label", try Self.rows(["no", "maybe", "yes"], ["no", "yes", "yes"], [0.1, 0.8, 0.9])),
        ]
        for (name, performance) in cases {
            #expect(Self.isHonest(performance.metrics), "\(name): \(performance.metrics.json)")
            #expect(performance.classes.allSatisfy { Self.isHonest($0.metrics) }, "\(name)")
            #expect(!performance.json.description.contains("NaN"), "\(name)")
        }
        let performances = Dictionary(uniqueKeysWithValues: cases)
        #expect(performances["empty"]?["accuracy"] == nil && performances["no labels"]?.skipped == 2)
        #expect(performances["one row"]?["accuracy"] == 1 && performances["one row"]?["roc_auc"] == nil)
        #expect(performances["one class"]?.metrics["roc_auc"]?.reason?.contains("not of class 'yes'") == true)
        #expect(performances["one class"]?["recall"] == nil && performances["one class"]?["precision"] == 0)
        #expect(performances["NaN scores"]?["accuracy"] == 1 && performances["NaN scores"]?["log_loss"] == nil)
        let scores = try #require(performances["no probabilities"])
        #expect(scores["roc_auc"] == 1 && scores["log_loss"] == nil && scores.calibration == nil)
        #expect(scores.metrics["brier"]?.reason?.contains("no probabilities: row 0 has -3.0") == true)
        let unknown = try #require(performances["unknown label"])
        #expect(unknown.unknownClasses == ["maybe"] && unknown.confusion.counts[2] == [0, 1, 0])
        #expect(unknown["recall"] == 1 && unknown["precision"] == 0.5 && unknown.metrics["log_loss"]?.count == 2)
    }

    @Test("estimates nothing that the reference does not allow, and says why")
    func estimation() throws {
        let reference = { (labels: [String?], scores: [Double]) throws -> CBPE in
            let predictions = scores.map { $0 >= 0.5 ? "yes" : "no" }
            return try CBPE(
                reference: ClassificationRows(
                    labels: labels,
                    predictions: predictions,
                    scores: .positive(scores),
                    classes: ["no", "yes"]
                )
            )
        }
        for (labels, scores) in [
            ([String?](), [Double]()), (["yes"], [0.9]), (["no", "no", "no"], [0.1, 0.2, 0.3]),
            (["no", "yes"], [.nan, .nan]), ([nil, nil], [0.1, 0.9]),
        ] {
            let error = #expect(throws: MartletError.self) { try reference(labels, scores) }
            #expect(error?.code == .failedPrecondition && error?.message.hasPrefix("insufficient data") == true)
        }
        let estimator = try reference(["no", "yes", "no", "yes", "maybe"], [0.1, 0.9, 0.4, 0.6, 0.5])
        #expect(estimator.referenceRows == 4)
        let rows = { (scores: [Double]) in
            try ScoredRows(
                predictions: scores.map { _ in "yes" },
                scores: .positive(scores),
                classes: ["no", "yes"]
            )
        }
        let nothing = try estimator.estimate(rows([.nan]))
        #expect(nothing.range.isEmpty && nothing.estimates.allSatisfy { $0.value == nil && $0.reason != nil })
        let one = try estimator.estimate(rows([1]))
        #expect(one.estimates["accuracy"]?.value != nil && one.estimates["roc_auc"]?.value == nil)
        #expect(one.estimates["roc_auc"]?.reason == "insufficient data: the scores let expect one class only")
        #expect(throws: MartletError.self) {
            try estimator.estimate(
                ScoredRows(predictions: ["a"], scores: .all([0.2, 0.3, 0.5]), classes: ["a", "b", "c"])
            )
        }
    }

    @Test("estimates accuracy from the confidence of the predicted class alone")
    func confidences() throws {
        var random = SeededGenerator(seed: 9)
        let scores = (0..<500).map { _ in random.uniform(0.4, 1) }
        let labels = scores.map { random.uniform() < $0 ? "b" : "c" }
        let rows = try ClassificationRows(
            labels: labels,
            predictions: labels.map { _ in "b" },
            scores: .predicted(scores),
            classes: ["a", "b", "c"]
        )
        let chunk = try CBPE(reference: rows).estimate(ScoredRows(rows))
        let accuracy = try #require(chunk.estimates["accuracy"]?.value)
        let truth = ConfusionMatrix(labels: rows.labels, predictions: rows.predictions, classes: 3).accuracy
        #expect(abs(accuracy - truth) < 0.03)
        #expect(chunk.estimates["f1"]?.value == nil && chunk.confusion.isEmpty)
    }

    @Test("stops at its limits")
    func limits() throws {
        let many = (0...PerformanceLimits.classes).map(String.init)
        #expect(throws: MartletError.self) { try ClassificationRows(labels: many, predictions: many) }
        let fits = Array(many.dropLast())
        #expect(try ClassificationRows(labels: fits, predictions: fits).classes.count == PerformanceLimits.classes)
        let tooLong = [String?](repeating: "a", count: PerformanceLimits.rows + 1)
        #expect(throws: MartletError.self) { try ClassificationRows(labels: tooLong, predictions: tooLong) }
        let numbers = [Double](repeating: 1, count: PerformanceLimits.rows + 1)
        #expect(throws: MartletError.self) { try RegressionPerformance(truths: numbers, predictions: numbers) }
        #expect(try RegressionPerformance(truths: numbers.dropLast(), predictions: numbers.dropLast())["mae"] == 0)
        let wide = PerformanceLimits.probabilities / PerformanceLimits.classes + 1
        let label = [String?](repeating: "0", count: wide)
        let error = #expect(throws: MartletError.self) {
            try ClassificationRows(labels: label, predictions: label, scores: .all([]), classes: fits)
        }
        #expect(error?.code == .payloadTooLarge)
        #expect(throws: MartletError.self) { try Chunking.size(1).ranges(of: PerformanceLimits.chunks + 1) }
        #expect(try Chunking.size(1).ranges(of: PerformanceLimits.chunks).count == PerformanceLimits.chunks)
        #expect(throws: MartletError.self) { try Chunking.size(0).ranges(of: 3) }
        #expect(throws: MartletError.self) { try Chunking.count(-1).ranges(of: 3) }
        #expect(try Chunking.count(10).ranges(of: 3) == [0..<1, 1..<2, 2..<3])
        #expect(try Chunking.count(2).ranges(of: 0).isEmpty)
        let report = CalibrationReport(
            probabilities: (0..<1_000).map { Double($0) / 1_000 },
            isPositive: (0..<1_000).map { $0.isMultiple(of: 2) },
            bins: PerformanceLimits.calibrationBins + 1
        )
        #expect(report.bins.count == PerformanceLimits.calibrationBins)
    }

    @Test("splits by value, by quarters of many numbers, and joins what is small")
    func segments() throws {
        let texts = Segments(["b", "a", nil, "a"])
        #expect(texts.all.map(\.value) == ["a", "b", "missing"] && texts.all[0].rows == [1, 3])
        let many = Segments((0..<200).map { "s\($0 % 120)" })
        #expect(many.all.count == PerformanceLimits.segments && many.all.last?.value == nil)
        #expect(many.all.reduce(0) { $0 + $1.rows.count } == 200)
        #expect(Segments([1, 2, 2, .nan]).all.map(\.value) == ["2", "1", "missing"])
        let quarters = Segments((0..<100).map { Double($0) })
        #expect(quarters.all.map(\.value) == ["25 … 50", "50 … 75", "< 25", "≥ 75"])
        #expect(quarters.all.allSatisfy { $0.rows.count == 25 })
        let rows = try ClassificationRows(
            labels: ["no", "yes", "no", "yes"],
            predictions: ["no", "no", "no", "yes"],
            classes: ["no", "yes"]
        )
        let parts = rows.performance(by: Segments(["x", "x", "y", "y"]))
        #expect(parts.map(\.name) == ["x", "y"])
        #expect(parts[0].performance["accuracy"] == 0.5 && parts[1].performance["accuracy"] == 1)
    }
}
