import Core
import Testing

import Statistics

/// Every case of SciPy's file; tolerances as written there: 1e-9 relative, 1e-8 for asymptotic Kolmogorov–Smirnov.
struct SciPyVectorTests {
    private static let kolmogorovMethods: [String: KolmogorovSmirnov.Method] = [
        "auto": .automatic, "exact": .exact, "asymp": .asymptotic,
    ]

    @Test func equalsSciPyOnEveryCase() throws {
        let file = try VectorFile("scipy_statistics.json")
        let cases = try file.cases()
        #expect(cases.count == 241)
        for item in cases {
            let id = try item.text("id")
            let dataset = try item.text("dataset")
            let parts = id.split(separator: "/").map(String.init).dropFirst()
            let (statistic, pValue) = try compute(
                Array(parts),
                file.sorted(dataset, "reference"),
                file.sorted(dataset, "current")
            )
            let expected = try #require(item["expected"])
            let isAsymptotic = parts.last == "asymp"
            #expect(
                try agree(statistic, expected.number("statistic"), relative: 1e-9, absolute: 1e-15),
                "\(id): \(statistic) \(expected)"
            )
            if let wanted = expected["p_value"]?.doubleValue {
                let found = try #require(pValue)
                #expect(agree(found, wanted, relative: isAsymptotic ? 1e-8 : 1e-9), "\(id): \(found) \(wanted)")
            }
        }
    }

    private func compute(
        _ parts: [String],
        _ first: SortedSample,
        _ second: SortedSample
    ) throws -> (Double, Double?) {
        func pair(_ outcome: TestOutcome) -> (Double, Double?) { (outcome.statistic, outcome.pValue) }
        switch parts[0] {
        case "ks_2samp":
            let result = try KolmogorovSmirnov.test(
                sorted: first.values,
                second.values,
                alternative: #require(KolmogorovSmirnov.Alternative(rawValue: parts[1])),
                method: #require(Self.kolmogorovMethods[parts[2]])
            )
            return (result.statistic, result.pValue)
        case "cramervonmises_2samp":
            let method = try #require(parts[1] == "auto" ? .automatic : CramerVonMises.Method(rawValue: parts[1]))
            return try pair(CramerVonMises.test(first, second, method: method))
        case "mannwhitneyu":
            let alternative = try #require(MannWhitney.Alternative(rawValue: parts[1]))
            return pair(MannWhitney.test(first, second, alternative: alternative))
        case "wasserstein_distance": return (CumulativeDistance.wasserstein(first, second), nil)
        case "energy_distance": return (CumulativeDistance.energy(first, second), nil)
        case "ttest_ind": return try pair(StudentTest.test(first, second, equalVariances: parts[1] == "equal_var"))
        case "anderson_ksamp": return try pair(AndersonDarling.test(first, second))
        case "epps_singleton_2samp": return try pair(EppsSingleton.test(first, second))
        default: throw MartletError(.notFound, "The vectors hold an unknown test, \(parts[0]).")
        }
    }

    @Test func equalsSciPyOnEveryTable() throws {
        let tables = try VectorFile("scipy_statistics.json").cases("tables")
        #expect(tables.count == 14)
        for table in tables {
            let id = try table.text("id")
            let reference = try table.numbers("reference_counts").map { Int($0) }
            let current = try table.numbers("current_counts").map { Int($0) }
            let expected = try #require(table["expected"])
            let tests = try [
                "chi2_contingency": ChiSquared.contingency(reference: reference, current: current),
                "chi2_no_yates": ChiSquared.contingency(reference: reference, current: current, continuity: false),
                "g_contingency": ChiSquared.contingency(
                    reference: reference,
                    current: current,
                    isLikelihoodRatio: true
                ),
            ]
            for (name, outcome) in tests {
                let wanted = try expected.numbers(name)
                #expect(agree(outcome.statistic, wanted[0], relative: 1e-9), "\(id) \(name): \(outcome) \(wanted)")
                #expect(agree(outcome.pValue, wanted[1], relative: 1e-9), "\(id) \(name): \(outcome) \(wanted)")
            }
            let p = ShareDistance.shares(reference, of: reference.reduce(0, +))
            let q = ShareDistance.shares(current, of: current.reduce(0, +))
            let distances = [
                "js_distance_e": ShareDistance.jensenShannon(p, q),
                "js_distance_2": ShareDistance.jensenShannon(p, q, base: 2),
                "tvd": ShareDistance.totalVariation(p, q),
                "hellinger": ShareDistance.hellinger(p, q),
                "l_inf": ShareDistance.largestDifference(p, q),
            ]
            for (name, distance) in distances {
                #expect(try agree(distance, expected.number(name), relative: 1e-9), "\(id) \(name): \(distance)")
            }
            for alternative in FisherExact.Alternative.allCases {
                guard let wanted = try expected["fisher_\(alternative.rawValue)"]?.numbers() else { continue }
                let outcome = try FisherExact.test(
                    (reference[0], reference[1]),
                    (current[0], current[1]),
                    alternative: alternative
                )
                #expect(agree(outcome.statistic, wanted[0], relative: 1e-9), "\(id) \(alternative): \(outcome)")
                #expect(agree(outcome.pValue, wanted[1], relative: 1e-9), "\(id) \(alternative): \(outcome) \(wanted)")
            }
        }
    }
}
