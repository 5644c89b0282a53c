import Core
import Testing

import Statistics

struct MultipleTestingTests {
    @Test func decidesAsThePeerOnItsVectors() throws {
        let cases = try VectorFile("scipy_statistics.json").cases("multiple_testing")
        #expect(cases.count == 8)
        for item in cases {
            let values = try item.numbers("p")
            let fdr = try MultipleTesting.benjaminiHochberg.decide(values, level: 0.05)
            #expect(try fdr.rejected == (item.number("fdr_drift_0.05") == 1))
            #expect(try fdr.rejected == item.numbers("bh_adjusted").contains { $0 < 0.05 })
            let bonferroni = try MultipleTesting.bonferroni.decide(values, level: 0.05)
            #expect(try bonferroni.rejected == item.numbers("bonferroni_adjusted").contains { $0 < 0.05 })
        }
    }

    @Test func adjustsAsThePeerOnItsVectors() throws {
        let cases = try VectorFile("scipy_statistics.json").cases("multiple_testing")
        #expect(cases.count == 8)
        for item in cases {
            let values = try item.numbers("p")
            for (correction, key) in [
                (MultipleTesting.benjaminiHochberg, "bh_adjusted"), (.bonferroni, "bonferroni_adjusted"),
            ] {
                for (found, wanted) in try zip(correction.adjusted(values), item.numbers(key)) {
                    #expect(agree(found, wanted, relative: 1e-12), "\(item)")
                }
            }
        }
        #expect(try MultipleTesting.benjaminiHochberg.adjusted([]).isEmpty)
        #expect(try MultipleTesting.benjaminiHochberg.adjusted([0.02, 0.02, 0, 1]) == [0.08 / 3, 0.08 / 3, 0, 1])
        #expect(throws: MartletError.self) { try MultipleTesting.bonferroni.adjusted([.nan]) }
    }

    @Test func comparesStrictly() throws {
        // 0.125 and 0.25 are exact in binary: a p-value on the bound is not below it.
        #expect(try !MultipleTesting.bonferroni.decide([0.125, 1], level: 0.25).rejected)
        #expect(try MultipleTesting.bonferroni.decide([0.1249, 1], level: 0.25).rejected)
        #expect(try !MultipleTesting.benjaminiHochberg.decide([0.25, 0.25], level: 0.25).rejected)
        let both = try MultipleTesting.benjaminiHochberg.decide([0.24, 0.2], level: 0.25)
        #expect(both.rejected && both.threshold == 0.25)
    }

    @Test func refusesBadLevelsAndPValues() {
        for level in [0, 1, -0.1, 1.1, Double.nan] {
            #expect(throws: MartletError.self) { try MultipleTesting.bonferroni.decide([0.5], level: level) }
        }
        for value in [Double.nan, -0.01, 1.01, .infinity] {
            #expect(throws: MartletError.self) { try MultipleTesting.benjaminiHochberg.decide([value], level: 0.05) }
        }
        #expect(throws: MartletError.self) { try MultipleTesting.bonferroni.decide([], level: 0.05) }
    }
}
