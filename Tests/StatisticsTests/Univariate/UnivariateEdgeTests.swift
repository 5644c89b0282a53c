import Core
import Foundation
import Testing

import Statistics

/// Ties, constants, tiny and huge samples and scales, sizes on both sides of every rule's switch, against SciPy and Evidently.
struct UnivariateEdgeTests {
    @Test func equalsThePeersOnEveryEdge() throws {
        let file = try VectorFile("univariate_edges.json")
        let cases = try file.cases()
        #expect(cases.count == 897)
        for item in cases {
            let name = try item.text("sample")
            let methodName = try item.text("method")
            let method = try #require(UnivariateMethod(rawValue: methodName))
            let isCategorical = item["categories"] == .bool(true)
            let data = try #require(file.root["samples"]?[name])
            func sample(_ side: String) throws -> UnivariateSample {
                let numbers = try data.numbers(side)
                guard isCategorical else { return .numbers(numbers, areIntegers: data["integers"] == .bool(true)) }
                // Zero-padded, so that text sorts as the numbers do.
                return .categories(numbers.map { String(format: "%010.4f", $0 + 100) })
            }
            let (reference, current) = try (sample("reference"), sample("current"))
            guard let wanted = item["score"]?.doubleValue else {
                try checkWithoutAnswer(item, method, reference, current)
                continue
            }
            let result = try method.score(reference, current)
            // Where the peer's number is the rounding of a cancelled 1 - p or of a root near 0, digits are not to be had.
            let absolute = Self.rounding(method)
            #expect(
                agree(result.score, wanted, relative: Self.relative(method, name), absolute: absolute),
                "\(name) \(methodName): \(result.score) \(wanted)"
            )
        }
    }

    private static func relative(_ method: UnivariateMethod, _ name: String) -> Double {
        switch method {
        case .andersonDarling, .eppsSingleton: name == "offset_1e9" ? 1e-4 : 1e-6
        case .kolmogorovSmirnovAsymptotic: 1e-8
        // The peer's means lose digits to the offset; Martlet's do not.
        case .studentT, .welchT: name == "offset_1e9" ? 2e-6 : 1e-9
        default: 1e-9
        }
    }

    private static func rounding(_ method: UnivariateMethod) -> Double {
        method == .hellinger || method == .jensenShannon ? 3e-8 : 1e-15
    }

    /// Where the peer raises or answers NaN: a typed error, or the answer that is certain.
    private func checkWithoutAnswer(
        _ item: JSONValue,
        _ method: UnivariateMethod,
        _ reference: UnivariateSample,
        _ current: UnivariateSample
    ) throws {
        do {
            let result = try method.score(reference, current)
            #expect(result.score.isFinite && (0...1).contains(result.score), "\(item): \(result)")
        } catch let error as MartletError {
            #expect([.failedPrecondition, .invalidArgument].contains(error.code), "\(item): \(error)")
        }
    }

    @Test(arguments: ["doane", "sturges"])
    func edgesEqualNumPys(_ rule: String) throws {
        for item in try VectorFile("univariate_edges.json").cases(rule) {
            let values = try item.numbers("values")
            let areIntegers = item["integers"] == .bool(true)
            let edges =
                rule == "doane"
                ? HistogramBins.doane(values, areIntegers: areIntegers)
                : try HistogramBins.sturges(
                    count: values.count,
                    minimum: #require(values.min()),
                    maximum: #require(values.max()),
                    areIntegers: areIntegers
                )
            let wanted = try item.numbers("edges")
            #expect(edges == wanted, "\(item)")
            if item["counts"] != nil {
                let counts = HistogramBins.counts(sorted: values.sorted(), edges: edges)
                #expect(try counts.map(Double.init) == item.numbers("counts"), "\(item)")
            }
        }
    }

    @Test func tenThousandCategoriesEqualSciPys() throws {
        let many = try #require(VectorFile("univariate_edges.json").root["many"])
        func sample(_ side: String) throws -> UnivariateSample {
            .categories(
                try many.numbers(side).enumerated().flatMap { index, count in
                    [String](repeating: "c\(index)", count: Int(count))
                }
            )
        }
        let result = try UnivariateMethod.chiSquaredContingency.score(sample("reference"), sample("current"))
        let wanted = try many.numbers("chi2_contingency")
        #expect(agree(result.statistic ?? 0, wanted[0], relative: 1e-9))
        #expect(agree(result.score, wanted[1], relative: 1e-9), "\(result) \(wanted)")
    }
}
