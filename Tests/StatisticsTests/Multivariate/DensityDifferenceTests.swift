import Core
import Foundation
import Testing

import Statistics

struct DensityDifferenceTests {
    @Test func equalsAlibiOnItsVectors() throws {
        let file = try VectorFile("alibi_lsdd.json")
        let cases = try file.cases()
        #expect(cases.count == 4)
        for item in cases {
            let id = try item.text("id")
            let dataset = try item.text("dataset")
            let expected = try #require(item["expected"])
            let order = try item.numbers("kernel_center_perm").map { Int($0) }
            let vectors = try #require(item["permutations"]?.arrayValue).map { try $0.numbers().map { Int($0) } }
            let centres = Int(try #require(item["params"]).number("n_kernel_centers"))
            let estimate = try LeastSquaresDensityDifference(
                reference: file.rows(dataset, "reference"),
                centres: .given(order: order, count: centres)
            )
            let result = try estimate.test(file.rows(dataset, "current"), permutations: .given(vectors))
            #expect(agree(estimate.sigma, try #require(expected["sigma"]).numbers()[0], relative: 1e-6), "\(id)")
            #expect(agree(result.statistic, try expected.number("distance"), relative: 1e-5), "\(id)")
            let threshold = try expected.number("distance_threshold")
            #expect(agree(result.threshold(level: 0.05), threshold, relative: 1e-5), "\(id)")
            #expect(agree(result.pValue, try expected.number("p_val"), relative: 1e-6, absolute: 1e-9), "\(id)")
            #expect(try result.result(level: 0.05).drifted == (expected.number("is_drift") == 1), "\(id)")
        }
    }

    @Test func setsATwentiethOfTheRowsAside() throws {
        var generator = SeededGenerator(seed: 1)
        for (rows, centres) in [(10, 1), (39, 1), (40, 2), (200, 10)] {
            let estimate = try LeastSquaresDensityDifference(
                reference: TestSamples.normal(rows, 2, &generator)
            )
            #expect(estimate.centres == centres)
            #expect(estimate.referenceRows == rows - centres)
        }
    }

    @Test(arguments: [1e-9, 1, 1e12])
    func unitsDoNotMatter(unit: Double) throws {
        var generator = SeededGenerator(seed: 2)
        let reference = try TestSamples.normal(60, 3, &generator)
        let current = try TestSamples.normal(30, 3, shift: 0.5, &generator)
        func scaled(_ matrix: SampleMatrix) throws -> SampleMatrix {
            try SampleMatrix(names: matrix.names, elements: matrix.elements.map { $0 * Float(unit) })
        }
        let some = Permutations.random(count: 20, seed: 1)
        let plain = try LeastSquaresDensityDifference(reference: reference).test(current, permutations: some)
        let other = try LeastSquaresDensityDifference(reference: scaled(reference))
            .test(scaled(current), permutations: some)
        #expect(agree(plain.statistic, other.statistic, relative: 1e-4))
        #expect(plain.pValue == other.pValue)
    }

    @Test func badInputIsATypedError() throws {
        var generator = SeededGenerator(seed: 3)
        let good = try TestSamples.normal(20, 2, &generator)
        typealias Difference = LeastSquaresDensityDifference
        let code = TestSamples.code
        let same = try SampleMatrix(rows: [[1, 1], [1, 1], [1, 1], [1, 1]])
        #expect(code { _ = try Difference(reference: same) } == .failedPrecondition)
        let two = try SampleMatrix(rows: [[1, 2], [2, 1]])
        #expect(code { _ = try Difference(reference: two) } == .failedPrecondition)
        for sigma in [0, -1, Double.nan, .infinity] {
            #expect(code { _ = try Difference(reference: good, sigma: sigma) } == .invalidArgument)
        }
        for agreement in [0, 1, Double.nan] {
            #expect(code { _ = try Difference(reference: good, agreement: agreement) } == .invalidArgument)
        }
        for count in [0, -1, 19, StatisticsLimits.kernelCentres + 1] {
            #expect(
                code { _ = try Difference(reference: good, centres: .random(count: count, seed: 0)) }
                    == .invalidArgument
            )
        }
        #expect(
            code { _ = try Difference(reference: good, centres: .given(order: [0, 0], count: 1)) } == .invalidArgument
        )
        let estimate = try Difference(reference: good)
        let some = Permutations.random(count: 5, seed: 0)
        let one = try SampleMatrix(rows: [[1, 2]])
        #expect(code { _ = try estimate.test(one, permutations: some) } == .failedPrecondition)
        let missing = try SampleMatrix(rows: [[.nan, 1], [.nan, 2], [.nan, 3]])
        #expect(code { _ = try estimate.test(missing, permutations: some) } == .failedPrecondition)
        let narrow = try SampleMatrix(rows: [[1], [2]])
        #expect(code { _ = try estimate.test(narrow, permutations: some) } == .invalidArgument)
    }

    @Test func centresHoldAtTheLimit() throws {
        var generator = SeededGenerator(seed: 4)
        let many = try TestSamples.normal(StatisticsLimits.kernelCentres + 3, 1, &generator)
        let most = StatisticsLimits.kernelCentres
        let estimate = try LeastSquaresDensityDifference(
            reference: many,
            sigma: 1,
            centres: .random(count: most, seed: 0)
        )
        #expect(estimate.centres == most)
        #expect(
            TestSamples.code {
                _ = try LeastSquaresDensityDifference(
                    reference: many,
                    sigma: 1,
                    centres: .random(count: most + 1, seed: 0)
                )
            } == .invalidArgument
        )
    }

    @Test func currentRowsWithoutSpreadStillGetAVerdict() throws {
        var generator = SeededGenerator(seed: 5)
        let reference = try TestSamples.normal(50, 2, &generator)
        let constant = try SampleMatrix(rows: (0..<20).map { _ in [3, 3] })
        let result = try LeastSquaresDensityDifference(reference: reference)
            .test(constant, permutations: .random(count: 50, seed: 1))
        #expect(result.statistic.isFinite)
        #expect(result.result(level: 0.05).drifted)
    }
}
