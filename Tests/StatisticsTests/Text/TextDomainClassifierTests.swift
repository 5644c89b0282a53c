import Core
import Testing

import Statistics

struct TextDomainClassifierTests {
    private func texts(_ file: VectorFile, _ dataset: String, _ side: String) throws -> [String] {
        try #require(file.root["datasets"]?[dataset]?[side]?.arrayValue).compactMap(\.stringValue)
    }

    /// The file asks for the decision and 0.08; split and steps are the peer's, so the digits agree too.
    @Test func equalsEvidently() throws {
        let file = try VectorFile("evidently_text.json")
        let cases = try file.cases()
        #expect(cases.count == 6)
        for item in cases {
            let id = try item.text("id")
            let dataset = try item.text("dataset")
            let expected = try #require(item["expected"])
            let bound: TextDomainClassifier.Bound =
                try expected.text("method") == "abs_text_content_drift"
                ? .area(expected.number("threshold")) : .percentile(expected.number("threshold"))
            let report = try TextDomainClassifier(reference: texts(file, dataset, "reference"), bound: bound)
                .test(texts(file, dataset, "current"))
            #expect(try agree(report.result.statistic, expected.number("score"), relative: 1e-9), "\(id) \(report)")
            #expect(report.result.drifted == (expected["drifted"]?.boolValue == true), "\(id)")
            #expect(report.quality.area == report.result.statistic)
        }
    }

    @Test func namesTheWordsThatDiffer() throws {
        let file = try VectorFile("evidently_text.json")
        let report = try TextDomainClassifier(reference: texts(file, "topic_shift", "reference"))
            .test(texts(file, "topic_shift", "current"))
        #expect(report.currentWords.prefix(5).map(\.word).contains("galaxy"))
        #expect(report.currentWords.allSatisfy { $0.weight > 0 })
        #expect(report.referenceWords.allSatisfy { $0.weight < 0 })
        #expect(!report.referenceWords.map(\.word).contains("galaxy"))
    }

    private func sentence(_ words: [String], _ generator: inout SeededGenerator) -> String {
        (0..<8).map { _ in words[generator.index(below: words.count)] }.joined(separator: " ")
    }

    @Test func falseAlarmsAreNoMoreThanAsked() throws {
        var generator = SeededGenerator(seed: 61)
        let words = (0..<40).map { "word\($0)" }
        var bound = TextDomainClassifier.Bound.percentile(0.95)
        var alarms = 0
        for _ in 0..<500 {
            let reference = (0..<24).map { _ in sentence(words, &generator) }
            let current = (0..<24).map { _ in sentence(words, &generator) }
            let report = try TextDomainClassifier(reference: reference, bound: bound).test(current)
            // The random areas depend on the sizes alone: what they gave once holds for all runs.
            bound = .area(report.result.threshold)
            if report.result.drifted { alarms += 1 }
        }
        // Fewer than asked: many texts get the same probability, which takes areas nearer to one half.
        #expect(alarms <= 35, "\(alarms) of 500")
    }

    @Test func manyTextsTakeTheNormalBound() throws {
        let texts = (0..<2_100).map { "alpha\($0 % 7) beta\($0 % 11) gamma\($0 % 13)" }
        let large = try TextDomainClassifier(reference: texts).test(texts)
        // 1.645 · √((m + n + 1) / 12mn) above one half.
        #expect(large.result.threshold > 0.52 && large.result.threshold < 0.523, "\(large.result.threshold)")
        #expect(!large.result.drifted)
    }

    @Test func wordsOfManyScriptsCount() throws {
        let reference = (0..<30).map { "größe straße \($0.isMultiple(of: 2) ? "привет" : "мир")" }
        let current = (0..<30).map { "größe straße \($0.isMultiple(of: 2) ? "東京都" : "大阪府")" }
        let report = try TextDomainClassifier(reference: reference).test(current)
        #expect(report.result.drifted && report.result.statistic == 1)
        #expect(Set(report.currentWords.map(\.word)) == ["東京都", "大阪府"])
    }

    @Test func badInputIsATypedError() throws {
        let code = TestSamples.code
        #expect(code { _ = try TextDomainClassifier(reference: []) } == .failedPrecondition)
        for bound in [0, 1, Double.nan] {
            #expect(code { _ = try TextDomainClassifier(reference: ["a"], bound: .area(bound)) } == .invalidArgument)
            #expect(
                code { _ = try TextDomainClassifier(reference: ["a"], bound: .percentile(bound)) } == .invalidArgument
            )
        }
        let one = try TextDomainClassifier(reference: ["only one"])
        #expect(code { _ = try one.test([]) } == .failedPrecondition)
        #expect(code { _ = try one.test(["another"]) } == .failedPrecondition)
        let stopWords = try TextDomainClassifier(reference: (0..<20).map { _ in "the and of a , . !" })
        #expect(code { _ = try stopWords.test((0..<20).map { _ in "it is what it is" }) } == .failedPrecondition)
        let empty = try TextDomainClassifier(reference: [String](repeating: "", count: 20))
        #expect(code { _ = try empty.test([String](repeating: "", count: 20)) } == .failedPrecondition)
        // In every text, hence no term to go by.
        let same = try TextDomainClassifier(reference: [String](repeating: "constant words", count: 20))
        #expect(code { _ = try same.test([String](repeating: "constant words", count: 20)) } == .failedPrecondition)
    }

    @Test func limitsHoldAtTheLimitAndOnePast() throws {
        let code = TestSamples.code
        let most = [String](repeating: "", count: StatisticsLimits.texts)
        #expect(try TextDomainClassifier(reference: most).bound == .percentile(0.95))
        #expect(code { _ = try TextDomainClassifier(reference: most + [""]) } == .payloadTooLarge)
        let long = String(repeating: "-", count: StatisticsLimits.textBytes)
        #expect(code { _ = try TextDomainClassifier(reference: [long, "-"]) } == .payloadTooLarge)
    }

    /// Of eight texts the four that are trained on have a quarter of the terms each.
    @Test func termsHoldAtTheLimitAndOnePast() throws {
        func texts(_ terms: Int, from start: Int) -> [String] {
            (0..<4).map { text in (0..<terms).map { "t\(start + text)x\($0)" }.joined(separator: " ") }
        }
        func test(_ terms: Int) throws {
            _ = try TextDomainClassifier(reference: texts(terms, from: 0)).test(texts(terms, from: 4))
        }
        let quarter = StatisticsLimits.textTerms / 4
        try test(quarter)
        #expect(TestSamples.code { try test(quarter + 1) } == .payloadTooLarge)
    }
}
