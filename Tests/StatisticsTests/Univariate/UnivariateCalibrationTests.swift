import Core
import Testing

import Statistics

/// Without a peer: 500 seeded comparisons of samples of one distribution are flagged in 3 to 7 % at level 0.05.
struct UnivariateCalibrationTests {
    private static let runs = 500
    private static let tests = UnivariateMethod.allCases.filter(\.isPValue)
    private static let words = ["red", "green", "blue", "white"]

    @Test(arguments: tests)
    func falseAlarmsStayAtTheLevel(_ method: UnivariateMethod) throws {
        let seed = try #require(UnivariateMethod.allCases.firstIndex(of: method))
        var generator = SeededGenerator(seed: UInt64(100 + seed))
        var alarms = 0
        for _ in 0..<Self.runs {
            let detector = try method.prepare(reference: Self.reference(method, &generator), threshold: 0.05)
            let result = try detector.compare(Self.current(method, &generator))
            #expect((0...1).contains(result.score))
            if result.drifted { alarms += 1 }
        }
        let rate = Double(alarms) / Double(Self.runs)
        #expect(rate >= 0.03 && rate <= 0.07, "\(method): \(rate)")
    }

    private static func reference(_ method: UnivariateMethod, _ generator: inout SeededGenerator) -> UnivariateSample {
        switch method {
        // These two take the reference's shares as known, which only a long reference makes true.
        case .chiSquaredOneWay, .likelihoodRatio: categories(20_000, &generator)
        case .chiSquaredContingency: categories(150, &generator)
        case .totalVariation: categories(61, &generator)
        case .fisherExact, .twoProportions: coins(2_000, &generator)
        case .empiricalDiscrepancy: numbers(40, &generator)
        // The approximation is cautious for short samples.
        case .kolmogorovSmirnovAsymptotic: numbers(800, &generator)
        default: numbers(83, &generator)
        }
    }

    private static func current(_ method: UnivariateMethod, _ generator: inout SeededGenerator) -> UnivariateSample {
        switch method {
        case .chiSquaredOneWay, .likelihoodRatio, .chiSquaredContingency: categories(200, &generator)
        case .totalVariation: categories(80, &generator)
        case .fisherExact, .twoProportions: coins(1_700, &generator)
        case .empiricalDiscrepancy: numbers(30, &generator)
        case .kolmogorovSmirnovAsymptotic: numbers(701, &generator)
        default: numbers(100, &generator)
        }
    }

    private static func numbers(_ count: Int, _ generator: inout SeededGenerator) -> UnivariateSample {
        floats((0..<count).map { _ in generator.normal() })
    }

    private static func categories(_ count: Int, _ generator: inout SeededGenerator) -> UnivariateSample {
        .categories((0..<count).map { _ in words[generator.index(below: 4)] })
    }

    private static func coins(_ count: Int, _ generator: inout SeededGenerator) -> UnivariateSample {
        .categories((0..<count).map { _ in generator.uniform() < 0.4 ? "yes" : "no" })
    }

    @Test func countsDrawnDirectlyAreCalibratedToo() throws {
        let past = StatisticsLimits.shuffledValues / 2 + 1
        var generator = SeededGenerator(seed: 7)
        var alarms = 0
        for _ in 0..<150 {
            let reference = Self.categories(past, &generator)
            let result = try UnivariateMethod.totalVariation.prepare(reference: reference, threshold: 0.05)
                .compare(Self.categories(past, &generator))
            if result.drifted { alarms += 1 }
        }
        #expect((2...14).contains(alarms), "\(alarms) of 150")
    }

    @Test(arguments: UnivariateMethod.allCases)
    func seesAClearChangeAndNoneInTheSameValues(_ method: UnivariateMethod) throws {
        var generator = SeededGenerator(seed: 11)
        let isBinary = method == .fisherExact || method == .twoProportions
        func sample(_ shift: Double) -> UnivariateSample {
            if method.takesCategories {
                let share = 0.3 + shift / 4
                return .categories(
                    (0..<400).map { _ in
                        generator.uniform() < share ? "a" : isBinary || generator.uniform() < 0.5 ? "b" : "c"
                    }
                )
            }
            return floats((0..<400).map { _ in generator.normal() + shift })
        }
        let reference = sample(0)
        let detector = try method.prepare(reference: reference)
        #expect(detector.method == method && detector.threshold == method.defaultThreshold)
        #expect(try detector.compare(sample(1)).drifted)
        #expect(try !detector.compare(reference).drifted)
    }
}
