import Core
import Testing

import Statistics

struct DomainClassifierTests {
    @Test func probabilityTestsEqualAlibi() throws {
        let cases = try VectorFile("alibi_classifier.json").cases().filter { $0["p1"] != nil }
        #expect(cases.count == 12)
        for item in cases {
            let id = try item.text("id")
            let labels = try item.numbers("y")
            let probabilities = try item.numbers("p1")
            let expected = try #require(item["expected"])
            let test: ProbabilityTest = item["binarize_preds"]?.boolValue == true ? .binomial : .kolmogorovSmirnov
            let result = try test.test(
                reference: zip(probabilities, labels).filter { $0.1 == 0 }.map(\.0),
                current: zip(probabilities, labels).filter { $0.1 == 1 }.map(\.0)
            )
            #expect(try agree(result.pValue, expected.number("p_val"), relative: 1e-9), "\(id) \(result)")
            #expect(try agree(result.distance, expected.number("distance"), relative: 1e-9), "\(id) \(result)")
        }
    }

    /// The peer draws other folds: of nine draws one decides as the peer's and the middle distance is near, as the
    /// file's tolerance says.
    @Test func verdictsEqualAlibi() throws {
        let cases = try VectorFile("alibi_classifier.json").cases().filter { $0["dataset"] != nil }
        #expect(cases.count == 8)
        for item in cases {
            let id = try item.text("id")
            func rows(_ side: String) throws -> SampleMatrix {
                let rows = try #require(item["dataset"]?[side]?.arrayValue)
                return try SampleMatrix(rows: rows.map { try $0.numbers().map(Float.init) })
            }
            let expected = try #require(item["expected"])
            let reports = try (0..<9).map { seed in
                try DomainClassifier(
                    reference: rows("reference"),
                    model: .logistic(strength: 1, standardised: false),
                    split: .folds(5),
                    test: item["params"]?["binarize_preds"]?.boolValue == true ? .binomial : .kolmogorovSmirnov,
                    seed: UInt64(seed)
                ).test(rows("current")).result
            }
            let wanted = try expected.number("is_drift") == 1
            let distance = try expected.number("distance")
            let near = reports.count { $0.drifted == wanted && abs($0.statistic - distance) <= 0.12 }
            #expect(near > 0, "\(id) \(reports)")
            let middle = reports.map(\.statistic).sorted()[4]
            #expect(abs(middle - distance) <= 0.12, "\(id) \(middle) \(distance)")
        }
    }

    private static let models: [DomainClassifier.Model] = [.trees(nil), .logistic(strength: 1, standardised: true)]

    @Test(arguments: models, [DomainClassifier.Split.folds(4), .share(0.6)])
    func namesTheFeatureThatMoved(model: DomainClassifier.Model, split: DomainClassifier.Split) throws {
        var generator = SeededGenerator(seed: 11)
        let reference = try TestSamples.normal(120, 4, &generator)
        let same = try TestSamples.normal(100, 4, &generator)
        var moved = same.elements
        for index in stride(from: 2, to: moved.count, by: 4) { moved[index] += 1.5 }
        let current = try SampleMatrix(names: same.names, elements: moved)
        let classifier = try DomainClassifier(reference: reference, model: model, split: split)
        let report = try classifier.test(current)
        #expect(report.result.drifted)
        #expect(report.quality.area > 0.75)
        #expect(report.quality.standardError > 0 && report.quality.standardError < 0.1)
        #expect(report.importances.count == 4)
        #expect(report.importances[2] > 0.5)
        #expect(agree(report.importances.reduce(0, +), 1, relative: 1e-9))
        let tested = report.probabilities.reference.count + report.probabilities.current.count
        #expect(tested == (split == .folds(4) ? 220 : 88))
        #expect(try classifier.test(current) == report)
    }

    @Test func treesSeeMissingValuesAndRelations() throws {
        var generator = SeededGenerator(seed: 12)
        let reference = try TestSamples.normal(150, 2, &generator)
        let same = try TestSamples.normal(150, 2, &generator)
        var elements = same.elements
        for index in stride(from: 0, to: elements.count, by: 6) { elements[index] = .nan }
        let missing = try SampleMatrix(names: same.names, elements: elements)
        let classifier = try DomainClassifier(reference: reference)
        let report = try classifier.test(missing)
        #expect(report.result.drifted)
        #expect(report.importances[0] > report.importances[1])
        let related = try TestSamples.correlated(150, 0.9, &generator)
        #expect(try classifier.test(SampleMatrix(names: same.names, elements: related.elements)).result.drifted)
        #expect(try !classifier.test(same).result.drifted)
    }

    @Test func badInputIsATypedError() throws {
        var generator = SeededGenerator(seed: 13)
        let good = try TestSamples.normal(20, 2, &generator)
        let one = try TestSamples.normal(1, 2, &generator)
        let code = TestSamples.code
        #expect(code { _ = try DomainClassifier(reference: one) } == .failedPrecondition)
        #expect(code { _ = try DomainClassifier(reference: good).test(one) } == .failedPrecondition)
        #expect(
            code { _ = try DomainClassifier(reference: good).test(TestSamples.normal(9, 3, &generator)) }
                == .invalidArgument
        )
        for level in [0, 1, Double.nan] {
            #expect(code { _ = try DomainClassifier(reference: good, level: level) } == .invalidArgument)
        }
        for share in [0, 1, -1, Double.nan] {
            #expect(code { _ = try DomainClassifier(reference: good, split: .share(share)) } == .invalidArgument)
        }
        let most = StatisticsLimits.classifierFolds
        for folds in [0, 1, most + 1] {
            #expect(code { _ = try DomainClassifier(reference: good, split: .folds(folds)) } == .invalidArgument)
        }
        // Fewer rows than folds: as many folds as rows.
        let few = try TestSamples.normal(3, 2, &generator)
        let report = try DomainClassifier(reference: good, split: .folds(most)).test(few)
        #expect(report.probabilities.current.count == 3)
        #expect(!report.result.statistic.isNaN && report.result.pValue.map { !$0.isNaN } == true)
        let tiny = try DomainClassifier(reference: few, split: .share(0.1))
        #expect(code { _ = try tiny.test(few) } == .failedPrecondition)
        // Nothing but missing values is a difference that trees may see, and no error.
        let missing = try SampleMatrix(names: good.names, elements: [Float](repeating: .nan, count: 40))
        #expect(try DomainClassifier(reference: good).test(missing).result.drifted)
        let constant = try SampleMatrix(names: good.names, elements: [Float](repeating: 1, count: 40))
        #expect(try !DomainClassifier(reference: constant).test(constant).result.drifted)
        #expect(try !DomainClassifier(reference: missing).test(missing).result.drifted)
    }

    @Test func rowsHoldAtTheLimitAndOnePast() throws {
        let limit = StatisticsLimits.classifierRows
        let most = try SampleMatrix(names: ["x"], elements: [Float](repeating: 1, count: limit))
        #expect(try DomainClassifier(reference: most).featureNames == ["x"])
        let more = try SampleMatrix(names: ["x"], elements: [Float](repeating: 1, count: limit + 1))
        #expect(TestSamples.code { _ = try DomainClassifier(reference: more) } == .payloadTooLarge)
    }

    @Test func probabilityTestsRefuseWhatIsNoProbability() throws {
        for test in ProbabilityTest.allCases {
            let code = TestSamples.code
            #expect(code { _ = try test.test(reference: [], current: [0.5]) } == .failedPrecondition)
            #expect(code { _ = try test.test(reference: [0.5], current: []) } == .failedPrecondition)
            for bad in [-0.1, 1.1, Double.nan] {
                #expect(code { _ = try test.test(reference: [bad], current: [0.5]) } == .invalidArgument)
            }
            let tied = try test.test(reference: [0.5, 0.5], current: [0.5, 0.5])
            #expect(tied.distance == 0 && tied.pValue <= 1 && tied.pValue > 0.5)
        }
    }
}
