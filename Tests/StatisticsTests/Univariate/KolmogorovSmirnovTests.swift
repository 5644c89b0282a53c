import Core
import Foundation
import Testing

import Statistics

struct KolmogorovSmirnovTests {
    private static let methods: [String: KolmogorovSmirnov.Method] = [
        "auto": .automatic, "exact": .exact, "asymp": .asymptotic,
    ]

    @Test func equalsSciPyOnSmallTiedConstantAndExtremeSamples() throws {
        let cases = try VectorFile("scipy_ks_edges.json").cases("ks_2samp")
        #expect(cases.count > 100)
        for item in cases {
            let first = try item.numbers("first")
            let second = try item.numbers("second")
            let name = try item.text("alternative")
            let alternative = try #require(KolmogorovSmirnov.Alternative(rawValue: name))
            let methodName = try item.text("method")
            let method = try #require(Self.methods[methodName])
            let result = try KolmogorovSmirnov.test(
                first,
                second,
                alternative: alternative,
                method: method
            )
            #expect(try agree(result.statistic, item.number("statistic"), relative: 1e-12, absolute: 1e-15), "\(item)")
            #expect(try agree(result.pValue, item.number("p_value"), relative: 1e-8), "\(result) \(item)")
        }
    }

    @Test func distributionEqualsSciPyOnBothSidesOfEveryFormula() throws {
        let rows = try VectorFile("scipy_ks_edges.json").cases("kstwo_sf")
        #expect(rows.count > 300)
        for row in rows {
            let values = try row.numbers()
            let survival = KolmogorovDistribution.survival(values[1], count: Int(values[0]))
            // 3e-15 absolute: where the survival is near 0 by 1 - cdf, SciPy's own rounding is that large.
            #expect(
                agree(survival, values[2], relative: 1e-8, absolute: 3e-15),
                "n \(values[0]), x \(values[1]): \(survival) != \(values[2])"
            )
        }
    }

    @Test func refusesWhatHasNoAnswer() throws {
        #expect(throws: MartletError.self) { try KolmogorovSmirnov.test([], [1]) }
        #expect(throws: MartletError.self) { try KolmogorovSmirnov.test([1], []) }
        for bad in [Double.nan, .infinity, -.infinity] {
            let error = #expect(throws: MartletError.self) { try KolmogorovSmirnov.test([1, bad], [1, 2]) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("first sample") == true)
        }
        let tooFew = #expect(throws: MartletError.self) {
            try KolmogorovSmirnov.test([1], [2], method: .asymptotic)
        }
        #expect(tooFew?.code == .failedPrecondition)
    }

    @Test func columnLimitHoldsAtTheLimitAndOnePast() throws {
        let most = [UInt32](repeating: 7, count: StatisticsLimits.columnValues)
        #expect(try KolmogorovSmirnov.test(sorted: most, [7]).pValue == 1)
        let error = #expect(throws: MartletError.self) { try KolmogorovSmirnov.test(sorted: most + [7], [7]) }
        #expect(error?.code == .payloadTooLarge)
    }

    @Test func automaticTurnsAsymptoticPastTheExactLimit() throws {
        let limit = StatisticsLimits.exactSampleSize
        let values = (0...limit).map { UInt32($0) }
        let shifted = values.map { $0 + 150 }
        let exact = try KolmogorovSmirnov.test(sorted: Array(values.prefix(limit)), Array(shifted.prefix(limit)))
        #expect(exact.method == .exact)
        let asymptotic = try KolmogorovSmirnov.test(sorted: values, Array(shifted.prefix(limit)))
        #expect(asymptotic.method == .asymptotic)
    }

    @Test func orderedKeysSortAsFloatsDo() {
        var generator = SeededGenerator(seed: 4)
        var values = (0..<3_000).map { _ in Float(generator.normal() * pow(10, generator.uniform(-30, 30))) }
        values += [0, -0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .greatestFiniteMagnitude]
        #expect(OrderedFloats.sortedKeys(values) == values.sorted().map(OrderedFloats.key))
        #expect(OrderedFloats.key(0) == OrderedFloats.key(-0))
        #expect(OrderedFloats.key(-1) < OrderedFloats.key(-0.5))
    }
}
