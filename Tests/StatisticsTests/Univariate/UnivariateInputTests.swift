import Core
import Testing

import Statistics

/// What cannot be answered is a typed error that says so, and never NaN.
struct UnivariateInputTests {
    private static let spread = floats((0..<30).map { Double($0 * $0 % 17) })
    private static let words = UnivariateSample.categories((0..<30).map { $0 % 3 == 0 ? "a" : "b" })

    private static func reference(_ method: UnivariateMethod) -> UnivariateSample {
        method.takesCategories ? words : spread
    }

    private static func code(_ body: () throws -> Void) -> MartletError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? MartletError)?.code
        }
    }

    @Test(arguments: UnivariateMethod.allCases)
    func emptySidesAreInsufficientData(_ method: UnivariateMethod) throws {
        for empty in [floats([]), .categories([])] where empty.isNumeric || method.takesCategories {
            let error = #expect(throws: MartletError.self) { try method.prepare(reference: empty) }
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message.contains("insufficient data: the reference") == true)
        }
        let detector = try method.prepare(reference: Self.reference(method))
        let empty = method.takesCategories ? UnivariateSample.categories([]) : floats([])
        let error = #expect(throws: MartletError.self) { try detector.compare(empty) }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("insufficient data: the current") == true)
    }

    @Test(arguments: UnivariateMethod.allCases)
    func numbersThatAreNotFiniteAreRefused(_ method: UnivariateMethod) throws {
        // Methods that count categories take numbers, too.
        let isFisher = method == .fisherExact
        let detector = try method.prepare(reference: isFisher ? floats([0, 1, 1]) : Self.spread)
        for bad in [Double.nan, .infinity, -.infinity] {
            #expect(Self.code { _ = try method.prepare(reference: floats([1, bad])) } == .invalidArgument)
            #expect(Self.code { _ = try detector.compare(floats([1, bad])) } == .invalidArgument)
        }
    }

    @Test(arguments: UnivariateMethod.allCases)
    func theOtherKindOfValueIsRefused(_ method: UnivariateMethod) throws {
        if method.takesCategories {
            let detector = try method.prepare(reference: Self.words)
            #expect(Self.code { _ = try detector.compare(Self.spread) } == .invalidArgument)
        } else {
            #expect(Self.code { _ = try method.prepare(reference: Self.words) } == .invalidArgument)
        }
        let numeric = try method.prepare(reference: method == .fisherExact ? floats([0, 1, 1]) : Self.spread)
        #expect(Self.code { _ = try numeric.compare(Self.words) } == .invalidArgument)
    }

    @Test(arguments: UnivariateMethod.allCases)
    func thresholdsMustBePossible(_ method: UnivariateMethod) throws {
        let reference = Self.reference(method)
        for bad in [Double.nan, .infinity, -0.1] {
            #expect(Self.code { _ = try method.prepare(reference: reference, threshold: bad) } == .invalidArgument)
        }
        let above = Self.code { _ = try method.prepare(reference: reference, threshold: 1.5) }
        #expect(above == (method.isPValue ? .invalidArgument : nil))
        #expect(try method.prepare(reference: reference, threshold: 0).threshold == 0)
    }

    /// Every method on samples of 1 to 4 values, constants and the largest doubles: a finite answer or a typed error.
    @Test(arguments: UnivariateMethod.allCases)
    func oddSamplesGiveAFiniteAnswerOrATypedError(_ method: UnivariateMethod) {
        let huge = Double.greatestFiniteMagnitude
        let odd: [[Double]] = [
            [1], [2], [1, 1], [1, 2], [1, 2, 3], [4, 4, 4, 4], [0, -0.0], [1e12, 1e12 + 1, -1e12], [1e-9, 2e-9, 3e-9],
            [huge, -huge], [huge, huge], [huge, -huge, 1, 2, 3, 4], [.leastNonzeroMagnitude, 0, 1],
            [Double](repeating: 3, count: 30), (0..<30).map { Double($0) }, (0..<30).map { 1e16 + Double($0) },
            (0..<40).map { $0 == 0 ? huge : Double($0) },
        ]
        for areIntegers in [false, true] {
            for first in odd {
                for second in odd {
                    do throws(MartletError) {
                        let reference = UnivariateSample.numbers(first, areIntegers: areIntegers)
                        let result = try method.prepare(reference: reference)
                            .compare(.numbers(second, areIntegers: areIntegers))
                        #expect(result.score.isFinite && result.score >= 0, "\(method) \(first) \(second)")
                        #expect(result.statistic?.isFinite ?? true && result.pValue.map { $0 <= 1 } ?? true)
                    } catch {
                        #expect(
                            [.failedPrecondition, .invalidArgument].contains(error.code),
                            "\(method) \(first) \(second): \(error)"
                        )
                    }
                }
            }
        }
    }

    @Test func columnLimitHoldsAtTheLimitAndOnePast() throws {
        let most = [Double](repeating: 7, count: StatisticsLimits.columnValues)
        let detector = try UnivariateMethod.jensenShannon.prepare(reference: floats(most))
        #expect(try detector.compare(floats([7])).score == 0)
        #expect(Self.code { _ = try detector.compare(floats(most + [7])) } == .payloadTooLarge)
        let words = [String](repeating: "a", count: StatisticsLimits.columnValues + 1)
        #expect(
            Self.code { _ = try UnivariateMethod.jensenShannon.prepare(reference: .categories(words)) }
                == .payloadTooLarge
        )
        #expect(
            Self.code { _ = try FisherExact.test((StatisticsLimits.columnValues + 1, 1), (1, 1)) } == .payloadTooLarge
        )
        #expect(Self.code { _ = try FisherExact.test((-1, 1), (1, 1)) } == .invalidArgument)
    }

    @Test func discrepancyLimitHoldsAtTheLimitAndOnePast() throws {
        let side = 10
        let detector = try UnivariateMethod.empiricalDiscrepancy.prepare(
            reference: floats((0..<(StatisticsLimits.kernelRows - side)).map { Double($0) })
        )
        let past = floats((0...side).map { Double($0) })
        #expect(Self.code { _ = try detector.compare(past) } == .payloadTooLarge)
        #expect(Self.code { _ = try detector.compare(floats([1])) } == .failedPrecondition)
    }

    @Test func cramerVonMisesIsExactUpToItsLimit() throws {
        let limit = StatisticsLimits.exactCramerVonMisesSize
        func sample(_ count: Int) throws -> SortedSample {
            try SortedSample(floats((0..<count).map { Double($0 * 7 % 11) }), for: .cramerVonMises, side: "current")
        }
        let (at, past) = try (sample(limit), sample(limit + 1))
        #expect(try CramerVonMises.test(at, at) == CramerVonMises.test(at, at, method: .exact))
        #expect(try CramerVonMises.test(past, at) == CramerVonMises.test(past, at, method: .asymptotic))
        #expect(Self.code { _ = try CramerVonMises.test(past, at, method: .exact) } == .invalidArgument)
    }

    @Test func fisherComparesTwoCategoriesOnly() throws {
        #expect(
            Self.code { _ = try UnivariateMethod.fisherExact.prepare(reference: .categories(["a", "b", "c"])) }
                == .invalidArgument
        )
        let detector = try UnivariateMethod.fisherExact.prepare(reference: .categories(["a", "b"]))
        #expect(Self.code { _ = try detector.compare(.categories(["a", "c"])) } == .invalidArgument)
        #expect(try UnivariateMethod.fisherExact.score(.categories(["a"]), .categories(["a", "a"])).score == 1)
    }

    @Test func anUnseenCategoryIsCertainForTestsAgainstShares() throws {
        let (reference, current) = (Self.words, UnivariateSample.categories(["a", "b", "z"]))
        for method in [UnivariateMethod.chiSquaredOneWay, .likelihoodRatio] {
            let result = try method.score(reference, current)
            #expect(result.score == 0 && result.statistic == nil && result.drifted)
        }
        #expect(try UnivariateMethod.chiSquaredContingency.score(reference, current).score > 0)
    }

    @Test func histogramsStayWithinTheirLimit() throws {
        // Whole numbers far apart: the width of Sturges' rule keeps the bins few; asked for more, the limit holds.
        let limit = StatisticsLimits.histogramBins
        #expect(HistogramBins.uniform(from: 0, to: 1, bins: limit + 1).count == limit + 1)
        #expect(HistogramBins.uniform(from: 0, to: 1, bins: limit).count == limit + 1)
        let close = HistogramBins.uniform(from: 1, to: 1.nextUp.nextUp, bins: 10)
        #expect(close == close.sorted() && Set(close).count == close.count && close.count <= 3)
        #expect(HistogramBins.uniform(from: 1e300, to: 1e300, bins: 3).count >= 2)
        #expect(HistogramBins.counts(sorted: [0, 1, 2, 3], edges: [1, 2, 3]) == [1, 2])
        #expect(HistogramBins.counts(sorted: [1], edges: [1]).isEmpty)
        #expect(HistogramBins.doane([], areIntegers: false) == [0, 1])
    }

    @Test func sortingEqualsTheLibrarys() {
        var generator = SeededGenerator(seed: 3)
        let normals = (0..<5_000).map { _ in generator.normal() }
        let samples: [[Double]] = [
            normals, normals.sorted(), normals.map { 1e12 + $0 * 1e-3 }, normals.map { ($0 * 3).rounded() },
            normals.map { $0 * .greatestFiniteMagnitude / 10 }, normals.map { $0 * .leastNormalMagnitude },
            normals.map { abs($0) + 1 },
            [Double](repeating: 4, count: 700), normals.prefix(300).map { $0 } + [.greatestFiniteMagnitude, 0, -0.0],
            Array(normals.prefix(256)), Array(normals.prefix(257)), [], [1], [2, 1],
        ]
        for sample in samples {
            #expect(OrderedDoubles.sorted(sample) == sample.sorted())
        }
    }
}
