import Core
import Testing

import Statistics

/// Every case of alibi-detect's univariate file; its p-values and distances are 32-bit: 1e-6 relative.
struct AlibiVectorTests {
    @Test func equalsAlibiOnEveryCase() throws {
        let file = try VectorFile("alibi_univariate.json")
        let cases = try file.cases()
        #expect(cases.count == 84)
        for item in cases {
            let id = try item.text("id")
            let dataset = try item.text("dataset")
            let (reference, current) = try (file.columns(dataset, "reference"), file.columns(dataset, "current"))
            let parameters = try #require(item["params"])
            let expected = try #require(item["expected"])
            var outcomes: [TestOutcome] = []
            for (index, columns) in zip(reference, current).enumerated() {
                try outcomes.append(
                    compute(item.text("detector"), parameters, column: index, columns.0, columns.1)
                )
            }
            for (outcome, wanted) in try zip(outcomes, expected.numbers("p_val")) {
                #expect(agree(outcome.pValue, wanted, relative: 1e-6), "\(id): \(outcome) \(wanted)")
            }
            for (outcome, wanted) in try zip(outcomes, expected.numbers("distance")) {
                #expect(agree(outcome.statistic, wanted, relative: 1e-6, absolute: 1e-9), "\(id): \(outcome) \(wanted)")
            }
            let name = try parameters.text("correction")
            let correction = try #require(MultipleTesting(rawValue: name))
            let level = try parameters.number("p_val")
            let decision = try correction.decide(outcomes.map(\.pValue), level: level)
            #expect(try decision.rejected == (expected.number("is_drift") == 1), "\(id)")
            // alibi-detect returns all steps when nothing passes; Martlet the first of them.
            let threshold = try #require(expected["threshold"])
            let wanted = try threshold.doubleValue ?? threshold.numbers()[0]
            #expect(agree(decision.threshold, wanted, relative: 1e-12), "\(id)")
            // Feature by feature alibi-detect does not correct at all.
            let drifts = try expected.numbers("is_drift_feature").map { $0 == 1 }
            #expect(outcomes.map { $0.pValue < level } == drifts, "\(id)")
        }
    }

    private func compute(
        _ detector: String,
        _ parameters: JSONValue,
        column: Int,
        _ reference: [Double],
        _ current: [Double]
    ) throws -> TestOutcome {
        func score(_ method: UnivariateMethod) throws -> TestOutcome {
            let result = try method.score(floats(reference), floats(current))
            return try TestOutcome(statistic: #require(result.statistic), pValue: #require(result.pValue))
        }
        let alternative = parameters["alternative"]?.stringValue ?? "two-sided"
        let categories = parameters["categories_per_feature"]?.stringValue ?? ""
        switch detector {
        case "KSDrift", "TabularDrift":
            if categories.contains("\(column):") { return try score(.chiSquaredContingency) }
            let result = try KolmogorovSmirnov.test(
                reference,
                current,
                alternative: #require(KolmogorovSmirnov.Alternative(rawValue: alternative)),
                method: .asymptotic
            )
            return TestOutcome(statistic: result.statistic, pValue: result.pValue)
        case "CVMDrift": return try score(.cramerVonMises)
        case "ChiSquareDrift": return try score(.chiSquaredContingency)
        case "FETDrift":
            let (ones, zeros) = (current.count { $0 == 1 }, current.count { $0 == 0 })
            let (oldOnes, oldZeros) = (reference.count { $0 == 1 }, reference.count { $0 == 0 })
            return try FisherExact.test(
                (ones, oldOnes),
                (zeros, oldZeros),
                alternative: #require(FisherExact.Alternative(rawValue: alternative))
            )
        default: throw MartletError(.notFound, "The vectors hold an unknown detector, \(detector).")
        }
    }
}
