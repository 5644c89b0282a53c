import Core
import Foundation
import Testing

import Statistics

struct GradientBoostedTreesTests {
    /// Features from -2 to 2 and an outcome with an interaction, a wave and a step.
    private func problem(_ rows: Int, seed: UInt64) throws -> (rows: SampleMatrix, values: [Double]) {
        var generator = SeededGenerator(seed: seed)
        var elements: [Float] = []
        var values: [Double] = []
        for _ in 0..<rows {
            let x = (0..<4).map { _ in generator.uniform(-2, 2) }
            let missing = generator.uniform() < 0.2
            elements += [Float(x[0]), Float(x[1]), missing ? .nan : Float(x[2]), Float(x[3])]
            values.append(x[0] * x[1] + sin(3 * x[0]) + (missing ? 2 : 0) + 0.1 * generator.normal())
        }
        return (try SampleMatrix(names: ["a", "b", "c", "d"], elements: elements), values)
    }

    private func meanSquare(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(left.count)
    }

    @Test func learnsValues() throws {
        let (train, test) = try (problem(2_000, seed: 1), problem(500, seed: 2))
        let model = try GradientBoostedTrees(rows: train.rows, targets: train.values, objective: .squaredError)
        let mean = test.values.reduce(0, +) / 500
        let before = meanSquare(test.values, [Double](repeating: mean, count: 500))
        let after = try meanSquare(test.values, model.predict(test.rows))
        #expect(after < 0.06 * before, "\(after) of \(before)")
        // The last feature has nothing to say; the third says only whether it is there.
        #expect(model.featureImportances[3] < 0.03)
        #expect(model.featureImportances[2] > 0.1)
        #expect(agree(model.featureImportances.reduce(0, +), 1, relative: 1e-9))
    }

    @Test func learnsCalibratedProbabilities() throws {
        let train = try problem(3_000, seed: 3)
        var generator = SeededGenerator(seed: 4)
        func labels(_ values: [Double]) -> [Double] {
            values.map { generator.uniform() < 1 / (1 + exp(-$0)) ? 1 : 0 }
        }
        let options = GradientBoostedTrees.Options(rounds: 40, leaves: 8)
        let model = try GradientBoostedTrees(
            rows: train.rows,
            targets: labels(train.values),
            objective: .logistic,
            options: options
        )
        let test = try problem(2_000, seed: 5)
        let outcomes = labels(test.values)
        let probabilities = try model.predict(test.rows)
        #expect(probabilities.allSatisfy { $0 > 0 && $0 < 1 })
        for range in [0.0..<0.3, 0.3..<0.7, 0.7..<1.01] {
            let inside = probabilities.indices.filter { range.contains(probabilities[$0]) }
            #expect(inside.count > 100)
            let predicted = inside.reduce(0) { $0 + probabilities[$1] } / Double(inside.count)
            let happened = inside.reduce(0) { $0 + outcomes[$1] } / Double(inside.count)
            #expect(abs(predicted - happened) < 0.08, "\(predicted) \(happened)")
        }
    }

    @Test func theSameRowsGiveTheSameModel() throws {
        let train = try problem(1_500, seed: 6)
        let models = try (0..<2).map { _ in
            try GradientBoostedTrees(rows: train.rows, targets: train.values, objective: .squaredError)
        }
        #expect(try models[0].predict(train.rows) == models[1].predict(train.rows))
        #expect(models[0].featureImportances == models[1].featureImportances)
    }

    /// One tree by hand: the split at 2.5 takes all the error away.
    @Test func oneStepIsWhatTheFormulaSays() throws {
        let rows = try SampleMatrix(rows: [[1], [2], [3], [4]])
        var options = GradientBoostedTrees.Options(rounds: 1, leaves: 2, leafRows: 1)
        options.learningRate = 0.5
        let plain = try GradientBoostedTrees(
            rows: rows,
            targets: [0, 0, 10, 10],
            objective: .squaredError,
            options: options
        )
        #expect(try plain.predict(SampleMatrix(rows: [[-9], [2.4], [2.6], [99]])) == [2.5, 2.5, 7.5, 7.5])
        options.regularisation = 2
        let damped = try GradientBoostedTrees(
            rows: rows,
            targets: [0, 0, 10, 10],
            objective: .squaredError,
            options: options
        )
        // Leaves of 10 / (2 + 2), halved.
        #expect(try damped.predict(SampleMatrix(rows: [[1], [4]])) == [3.75, 6.25])
    }

    @Test func missingValuesGoWhereTheyBelong() throws {
        let options = GradientBoostedTrees.Options(rounds: 1, leaves: 2, leafRows: 1)
        func predictions(_ values: [Float], _ targets: [Double], _ asked: [Float]) throws -> [Double] {
            var options = options
            options.learningRate = 1
            return try GradientBoostedTrees(
                rows: SampleMatrix(rows: values.map { [$0] }),
                targets: targets,
                objective: .squaredError,
                options: options
            ).predict(SampleMatrix(rows: asked.map { [$0] }))
        }
        #expect(try predictions([1, 2, 3, .nan], [0, 0, 8, 8], [.nan, 1, 3]) == [8, 0, 8])
        #expect(try predictions([1, 2, 3, .nan], [0, 0, 8, 0], [.nan, 1, 3]) == [0, 0, 8])
        // Only whether it is there matters.
        #expect(try predictions([1, 2, .nan, .nan], [0, 0, 6, 6], [.nan, -5, 99]) == [6, 0, 0])
        // Nothing was missing in training: with the many.
        #expect(try predictions([1, 2, 3, 9], [0, 0, 0, 4], [.nan]) == [0])
        // Infinities are values.
        #expect(try predictions([-.infinity, 0, 1, .infinity], [1, 3, 3, 3], [-.infinity, .infinity]) == [1, 3])
    }

    @Test func constantsGiveTheMean() throws {
        let rows = try SampleMatrix(rows: (0..<50).map { _ in [1, .nan] })
        let targets = (0..<50).map { Double($0 % 2) }
        let values = try GradientBoostedTrees(rows: rows, targets: targets, objective: .squaredError)
        #expect(try values.predict(rows) == [Double](repeating: 0.5, count: 50))
        #expect(values.featureImportances == [0, 0])
        let certain = try GradientBoostedTrees(
            rows: SampleMatrix(rows: (0..<50).map { [Float($0)] }),
            targets: [Double](repeating: 1, count: 50),
            objective: .logistic
        )
        #expect(try certain.predict(SampleMatrix(rows: [[3], [.nan]])).allSatisfy { $0 > 0.999 && $0 <= 1 })
        let one = try GradientBoostedTrees(
            rows: SampleMatrix(rows: [[4]]),
            targets: [7],
            objective: .squaredError
        )
        #expect(try one.predict(SampleMatrix(rows: [[0], [9]])) == [7, 7])
    }

    @Test(arguments: [1e-9, 1e12])
    func unitsDoNotMatter(unit: Double) throws {
        let train = try problem(400, seed: 7)
        let scaled = try SampleMatrix(names: train.rows.names, elements: train.rows.elements.map { $0 * Float(unit) })
        let options = GradientBoostedTrees.Options(rounds: 10)
        let plain = try GradientBoostedTrees(
            rows: train.rows,
            targets: train.values,
            objective: .squaredError,
            options: options
        )
        let other = try GradientBoostedTrees(
            rows: scaled,
            targets: train.values.map { $0 * unit },
            objective: .squaredError,
            options: options
        )
        for (left, right) in try zip(plain.predict(train.rows), other.predict(scaled)) {
            #expect(agree(left * unit, right, relative: 1e-6, absolute: 1e-6 * unit))
        }
    }

    @Test func badInputIsATypedError() throws {
        let good = try SampleMatrix(rows: [[1], [2]])
        let code = TestSamples.code
        let empty = try SampleMatrix(names: ["x"], elements: [])
        func train(
            _ rows: SampleMatrix,
            _ targets: [Double],
            _ objective: GradientBoostedTrees.Objective = .squaredError,
            _ options: GradientBoostedTrees.Options = .init()
        ) -> MartletError.Code? {
            code { _ = try GradientBoostedTrees(rows: rows, targets: targets, objective: objective, options: options) }
        }
        #expect(train(empty, []) == .failedPrecondition)
        for targets in [[1], [1, .nan], [.infinity, 1]] { #expect(train(good, targets) == .invalidArgument) }
        for targets in [[0, 1.1], [-0.1, 1]] { #expect(train(good, targets, .logistic) == .invalidArgument) }
        typealias Change = (inout GradientBoostedTrees.Options) -> Void
        let changes: [Change] = [
            { $0.rounds = 0 }, { $0.rounds = StatisticsLimits.boostingRounds + 1 }, { $0.leaves = 1 },
            { $0.leaves = StatisticsLimits.boostingLeaves + 1 }, { $0.bins = 1 },
            { $0.bins = StatisticsLimits.boostingBins + 1 }, { $0.depth = 0 }, { $0.leafRows = 0 },
            { $0.learningRate = 0 }, { $0.learningRate = 1.5 }, { $0.learningRate = .nan },
            { $0.regularisation = -1 }, { $0.leafHessian = .infinity }, { $0.minimumGain = .nan },
        ]
        for change in changes {
            var options = GradientBoostedTrees.Options()
            change(&options)
            #expect(train(good, [1, 2], .squaredError, options) == .invalidArgument)
        }
        var most = GradientBoostedTrees.Options(rounds: StatisticsLimits.boostingRounds)
        most.leaves = StatisticsLimits.boostingLeaves
        most.bins = StatisticsLimits.boostingBins
        let model = try GradientBoostedTrees(rows: good, targets: [1, 2], objective: .squaredError, options: most)
        #expect(code { _ = try model.predict(SampleMatrix(rows: [[1, 2]])) } == .invalidArgument)
    }

    @Test func histogramsHoldAtTheLimitAndOnePast() throws {
        // Two cells a feature: one bin and one of missing values.
        var options = GradientBoostedTrees.Options(rounds: 1)
        options.leaves = StatisticsLimits.boostingLeaves
        let fit = StatisticsLimits.boostingCells / options.leaves
        // Each feature has three cells with two distinct values.
        func rows(_ features: Int) throws -> SampleMatrix {
            let names = (0..<features).map { "f\($0)" }
            let low = [Float](repeating: 0, count: features)
            return try SampleMatrix(names: names, elements: low + low.map { _ in 1 })
        }
        let most = min(fit / 3, StatisticsLimits.features)
        #expect(
            try GradientBoostedTrees(rows: rows(most), targets: [0, 1], objective: .squaredError, options: options)
                .featureNames.count == most
        )
        var generator = SeededGenerator(seed: 9)
        let wide = try TestSamples.normal(300, 128, &generator)
        let error = TestSamples.code {
            _ = try GradientBoostedTrees(
                rows: wide,
                targets: [Double](repeating: 0, count: 300),
                objective: .squaredError,
                options: options
            )
        }
        #expect(error == .payloadTooLarge)
    }

    /// More rows than the boundaries are taken from: they are thinned, and no value is lost.
    @Test func manyRowsAreThinnedForTheBounds() throws {
        let count = StatisticsLimits.boostingBoundaryRows * 2 + 1
        let rows = try SampleMatrix(names: ["x"], elements: (0..<count).map { Float($0) })
        let options = GradientBoostedTrees.Options(rounds: 1, leaves: 2)
        let model = try GradientBoostedTrees(
            rows: rows,
            targets: (0..<count).map { $0 * 2 < count ? 0 : 10 },
            objective: .squaredError,
            options: options
        )
        let ends = try model.predict(SampleMatrix(rows: [[0], [Float(count)]]))
        #expect(ends[0] < 4.6 && ends[1] > 5.4)
    }
}
