import Core
import Testing

import Statistics

/// Tests over all features must raise 3 to 7 % false alarms at a level of 5 %, and see what there is to see.
struct MultivariateCalibrationTests {
    private static let runs = 500

    /// How many of the runs with equal distributions `detects` reports, given the generator and the run.
    private func alarms(seed: UInt64, _ detects: (inout SeededGenerator, UInt64) throws -> Bool) rethrows -> Int {
        var generator = SeededGenerator(seed: seed)
        return try (0..<Self.runs).reduce(0) { try $0 + (detects(&generator, UInt64($1)) ? 1 : 0) }
    }

    @Test func energyDistance() throws {
        let count = try alarms(seed: 40) { generator, run in
            try EnergyDistance(reference: TestSamples.normal(20, 2, &generator))
                .test(TestSamples.normal(12, 2, &generator), permutations: .random(count: 60, seed: run))
                .result(level: 0.05).drifted
        }
        #expect((15...35).contains(count), "\(count) of 500")
    }

    @Test func maximumMeanDiscrepancy() throws {
        let count = try alarms(seed: 41) { generator, run in
            try MaximumMeanDiscrepancy(reference: TestSamples.normal(14, 2, &generator))
                .test(TestSamples.normal(20, 2, &generator), permutations: .random(count: 60, seed: run))
                .result(level: 0.05).drifted
        }
        #expect((15...35).contains(count), "\(count) of 500")
    }

    @Test func densityDifference() throws {
        let count = try alarms(seed: 42) { generator, run in
            try LeastSquaresDensityDifference(
                reference: TestSamples.normal(30, 2, &generator),
                centres: .random(count: 3, seed: run)
            )
            .test(TestSamples.normal(15, 2, &generator), permutations: .random(count: 60, seed: run))
            .result(level: 0.05).drifted
        }
        #expect((15...35).contains(count), "\(count) of 500")
    }

    @Test(arguments: ProbabilityTest.allCases)
    func domainClassifierWithHeldOutRows(test: ProbabilityTest) throws {
        // Held-out sizes at which the exact distributions have a step near 5 %.
        let rows = test == .binomial ? 40 : 32
        let count = try alarms(seed: 43) { generator, run in
            try DomainClassifier(
                reference: TestSamples.normal(rows, 2, &generator),
                model: .logistic(strength: 1, standardised: true),
                split: .share(0.5),
                test: test,
                seed: run
            ).test(TestSamples.normal(rows, 2, &generator)).result.drifted
        }
        #expect((15...35).contains(count), "\(count) of 500")
    }

    /// Trees give many equal probabilities, and folds are not independent: never more false alarms than asked for.
    @Test func domainClassifierWithTreesAndFolds() throws {
        let options = GradientBoostedTrees.Options(rounds: 6, leaves: 4, leafRows: 5)
        let count = try alarms(seed: 44) { generator, run in
            try DomainClassifier(
                reference: TestSamples.normal(30, 2, &generator),
                model: .trees(options),
                split: .folds(3),
                seed: run
            ).test(TestSamples.normal(30, 2, &generator)).result.drifted
        }
        #expect(count <= 35, "\(count) of 500")
    }

    /// Three standard deviations of the chunks' means: few false alarms, not a level of 5 %.
    @Test func principalComponents() throws {
        let count = try alarms(seed: 45) { generator, _ in
            try PrincipalComponents(reference: TestSamples.normal(300, 3, &generator), chunkRows: 15)
                .test(TestSamples.normal(15, 3, &generator)).result.drifted
        }
        #expect(count <= 20, "\(count) of 500")
    }

    @Test func allSeeAShiftAScaleAndARelation() throws {
        var generator = SeededGenerator(seed: 46)
        let reference = try TestSamples.correlated(120, 0, &generator)
        let some = Permutations.random(count: 100, seed: 3)
        let changes = try [
            ("shift", TestSamples.normal(90, 2, shift: 0.8, &generator)),
            ("scale", TestSamples.normal(90, 2, scale: 2.2, &generator)),
            ("relation", TestSamples.correlated(90, 0.97, &generator)),
        ]
        for (name, current) in changes {
            let verdicts = try [
                MaximumMeanDiscrepancy(reference: reference).test(current, permutations: some).result(level: 0.05),
                EnergyDistance(reference: reference).test(current, permutations: some).result(level: 0.05),
                LeastSquaresDensityDifference(reference: reference, centres: .random(count: 20, seed: 0))
                    .test(current, permutations: some).result(level: 0.05),
                DomainClassifier(reference: reference).test(current).result,
            ]
            #expect(verdicts.map(\.drifted) == [true, true, true, true], "\(name)")
        }
    }
}
