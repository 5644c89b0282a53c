import Core
import Testing

import Statistics

struct KSDetectorTests {
    @Test func equalsAlibiOnItsVectors() throws {
        let file = try VectorFile("alibi_univariate.json")
        let cases = try file.cases().filter { $0["detector"] == "KSDrift" }
        #expect(cases.count == 48)
        for item in cases {
            let id = try item.text("id")
            let name = id.split(separator: "/")[1]
            let suffix = name.split(separator: "_").dropFirst().first.map(String.init)
            let parameters = try #require(item["params"])
            let level = try parameters.number("p_val")
            let correctionName = try parameters.text("correction")
            let correction = try #require(MultipleTesting(rawValue: correctionName))
            let dataset = try item.text("dataset")
            let alternative = try #require(KolmogorovSmirnov.Alternative(rawValue: suffix ?? "two-sided"))
            let detector = try KSDetector(
                reference: file.rows(dataset, "reference"),
                level: level,
                correction: correction,
                method: .asymptotic,
                alternative: alternative
            )
            let report = try detector.evaluate(file.rows(dataset, "current"))
            let expected = try #require(item["expected"])
            for (feature, wanted) in try zip(report.features, expected.numbers("p_val")) {
                let pValue = try #require(feature.pValue)
                #expect(agree(pValue, wanted, relative: 1e-6), "\(id) \(feature)")
            }
            for (feature, wanted) in try zip(report.features, expected.numbers("distance")) {
                let statistic = try #require(feature.statistic)
                #expect(agree(statistic, wanted, relative: 1e-6, absolute: 1e-9), "\(id)")
            }
            #expect(try report.drifted == (expected.number("is_drift") == 1), "\(id)")
            // alibi-detect returns all steps when nothing passes; Martlet the first of them.
            let threshold = try #require(expected["threshold"])
            let wanted = try threshold.doubleValue ?? threshold.numbers()[0]
            #expect(agree(report.threshold, wanted, relative: 1e-12), "\(id)")
        }
    }

    @Test func marksTheFeaturesThatAreRejectedAfterCorrection() throws {
        var generator = SeededGenerator(seed: 1)
        func rows(_ count: Int, shift: Double) -> [[Float]] {
            (0..<count).map { _ in [generator.normal(), generator.normal() + shift, generator.normal()].map(Float.init)
            }
        }
        let detector = try KSDetector(reference: SampleMatrix(rows: rows(200, shift: 0)), level: 0.05)
        let report = try detector.evaluate(SampleMatrix(rows: rows(80, shift: 1)))
        #expect(report.features.map(\.drifted) == [false, true, false])
        #expect(report.pValue == report.features[1].pValue)
        #expect(report.statistic == report.features[1].statistic)
    }

    @Test func untestedFeaturesDoNotCountInTheCorrection() throws {
        let reference = try SampleMatrix(rows: (0..<20).map { [Float($0), .nan, 1] })
        let detector = try KSDetector(reference: reference, level: 0.06)
        let report = try detector.evaluate(SampleMatrix(rows: (0..<20).map { [Float($0 + 30), Float($0), 1] }))
        #expect(report.threshold == 0.03)
        #expect(report.features[1] == FeatureTest(name: "f1", statistic: nil, pValue: nil, drifted: false))
        #expect(report.features[2] == FeatureTest(name: "f2", statistic: 0, pValue: 1, drifted: false))
        #expect(report.features[0].drifted)
    }

    @Test func exactWhereItIsCheapAndAsymptoticOnePast() throws {
        let side = 500
        #expect(side * side == StatisticsLimits.exactLatticeCells)
        let reference = (0..<side).map { Double($0) }
        let detector = try KSDetector(reference: SampleMatrix(rows: reference.map { [Float($0)] }))
        for (count, method) in [(side, KolmogorovSmirnov.Method.exact), (side + 1, .asymptotic)] {
            let current = (0..<count).map { Double($0) + 40 }
            let report = try detector.evaluate(SampleMatrix(rows: current.map { [Float($0)] }))
            let wanted = try KolmogorovSmirnov.test(reference, current, method: method)
            #expect(report.pValue == wanted.pValue)
        }
    }

    @Test func aConstantThatMovesIsDrift() throws {
        let detector = try KSDetector(reference: SampleMatrix(rows: (0..<30).map { _ in [Float(5)] }), level: 0.01)
        #expect(try detector.evaluate(SampleMatrix(rows: (0..<30).map { _ in [Float(5.1)] })).drifted)
        #expect(try !detector.evaluate(SampleMatrix(rows: (0..<30).map { _ in [Float(5)] })).drifted)
    }
}
