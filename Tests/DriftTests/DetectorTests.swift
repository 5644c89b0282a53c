import Core
import Drift
import Statistics
import Testing

/// The detectors over tables.
struct DetectorTests {
    private static let rows: [Drift.DetectorKind] = [
        .maximumMeanDiscrepancy, .densityDifference, .energy, .domainClassifier, .principalComponents,
    ]

    @Test(arguments: rows)
    func rowsThatDriftTogetherAreSeen(kind: Drift.DetectorKind) throws {
        // Each column keeps its distribution; what changes is how they go together.
        var generator = SeededGenerator(seed: 4)
        func table(_ rows: Int, tied: Bool) throws -> Table {
            let first = (0..<rows).map { _ in generator.normal() }
            let second = first.map { tied ? $0 * 0.98 + 0.2 * generator.normal() : generator.normal() }
            let third = zip(first, second).map { $0 + $1 + 0.1 * generator.normal() }
            return try Table(columns: [
                Column(name: "a", values: .numbers(first)), Column(name: "b", values: .numbers(second)),
                Column(name: "c", values: .numbers(third)),
            ])
        }
        let reference = try table(300, tied: true)
        let detector = try DetectorSpec(kind).prepare(reference: reference)
        #expect(detector.columns == ["a", "b", "c"] && detector.kind == kind)
        let drifted = try detector.evaluate(table(200, tied: false))
        #expect(drifted.drifted == true && drifted.statistic != nil && drifted.features.isEmpty)
        #expect(drifted.kind == kind && drifted.reason == nil)
        #expect(try detector.evaluate(table(200, tied: true)).drifted == false)
    }

    @Test(arguments: rows)
    func rowsThatCannotBeJudgedGetNoVerdict(kind: Drift.DetectorKind) throws {
        let reference = try Samples.normal(60, means: [0, 1], seed: 2)
        let detector = try DetectorSpec(kind).prepare(reference: reference)
        let bad: [Table] = [
            try Table(columns: []), try Samples.normal(0, means: [0, 1], seed: 1),
            try Samples.column("f0", .numbers([1, 2, 3])),
            try Table(columns: [
                Column(name: "f0", values: .numbers([.nan, .nan, .nan])),
                Column(name: "f1", values: .numbers([1, 2, 3])),
            ]),
            try Table(columns: [
                Column(name: "f0", values: .strings(["x", "y", "z"])), Column(name: "f1", values: .numbers([1, 2, 3])),
            ]),
        ]
        for table in bad {
            let report = try detector.evaluate(table)
            #expect(report.drifted == nil && report.statistic == nil)
            #expect(report.reason?.hasPrefix("insufficient data") == true, "\(report.reason ?? "")")
        }
        let one = try detector.evaluate(Samples.normal(1, means: [0, 1], seed: 3))
        #expect(one.statistic?.isNaN != true)
        #expect(throws: MartletError.self) {
            try DetectorSpec(kind).prepare(reference: Samples.column("x", .strings(["a", "b"])))
        }
    }

    @Test func largeTablesAreSampled() throws {
        let reference = try Samples.normal(4_000, means: [0, 0], seed: 1)
        let current = try Samples.normal(3_000, means: [0, 1], seed: 2)
        let report = try DetectorSpec(.maximumMeanDiscrepancy).prepare(reference: reference).evaluate(current)
        #expect(report.drifted == true)
    }

    @Test func textInNumbersIsMissing() throws {
        let reference = try Samples.normal(100, means: [0, 0], seed: 1)
        var texts = try Samples.normal(50, means: [0], seed: 2).columns[0].numbers.map { $0.map { String($0) } } ?? []
        texts[3] = "oops"
        let current = try Table(columns: [
            Column(name: "f0", values: .strings(texts)),
            Samples.normal(50, means: [0, 0], seed: 3).columns[1],
        ])
        #expect(try DetectorSpec(.energy).prepare(reference: reference).evaluate(current).drifted == false)
    }

    @Test(arguments: [DetectorSpec.Correction.bonferroni, .benjaminiHochberg])
    func correctionsKeepTheRateOfFalseAlarms(correction: DetectorSpec.Correction) throws {
        var alarms = 0
        for run in 0..<500 {
            var spec = DetectorSpec(.univariate(.studentT))
            spec.correction = correction
            let reference = try Samples.normal(80, means: [0, 0, 0, 0, 0], seed: UInt64(run))
            let current = try Samples.normal(60, means: [0, 0, 0, 0, 0], seed: UInt64(10_000 + run))
            let report = try spec.prepare(reference: reference).evaluate(current)
            if report.drifted == true { alarms += 1 }
        }
        #expect((15...35).contains(alarms), "\(alarms) of 500")
    }

    @Test func correctedVerdictsNameTheStrongestColumn() throws {
        let reference = try Samples.normal(200, means: [0, 0, 0, 0], seed: 1)
        let current = try Samples.normal(200, means: [0, 2, 0, 0], seed: 2)
        let spec = DetectorSpec(.univariate(.kolmogorovSmirnov))
        let report = try spec.prepare(reference: reference).evaluate(current)
        #expect(report.drifted == true && report.threshold == 0.05 / 4)
        #expect(report.features.map(\.drifted) == [false, true, false, false])
        #expect(report.pValue == report.features[1].pValue && report.statistic == report.features[1].statistic)
        var share = spec
        share.correction = .none
        let uncorrected = try share.prepare(reference: reference).evaluate(current)
        #expect(uncorrected.drifted == false && uncorrected.statistic == 0.25 && uncorrected.threshold == 0.5)
        share.driftShare = 0.25
        #expect(try share.prepare(reference: reference).evaluate(current).drifted == true)
    }

    @Test func columnsOfTheirOwnBoundKeepItUnderACorrection() throws {
        let reference = try Samples.normal(50, means: [0, 0], seed: 1)
        var spec = DetectorSpec(.univariate(.kolmogorovSmirnov))
        spec.methods = ["f1": .init(.univariate(.kolmogorovSmirnov), threshold: 0.2)]
        let report = try spec.prepare(reference: reference).evaluate(reference)
        #expect(report.features.map(\.threshold) == [0.025, 0.1])
    }

    @Test(arguments: UnivariateMethod.allCases)
    func everyMethodSeesAColumnThatMoved(method: UnivariateMethod) throws {
        // Two values suit every method; a few hundred rows and a clear shift leave no doubt.
        let past = (0..<400).map { Double($0 % 4 == 0 ? 1 : 0) + (method.takesCategories ? 0 : Double($0 % 50) / 100) }
        let present = past.map { 1.6 - $0 }
        let values = method.takesCategories ? past.map { $0 == 1 ? 0.0 : 1 } : present
        let (before, after) = method == .mannWhitneyLess ? (present, past) : (past, values)
        let reference = try Samples.column("x", .numbers(method == .mannWhitneyLess ? past : before))
        let current = try Samples.column("x", .numbers(method == .mannWhitneyLess ? present : after))
        let report = try DetectorSpec(.univariate(method)).prepare(reference: reference).evaluate(current)
        #expect(report.features.first?.drifted == true, "\(report.features)")
        let same = try DetectorSpec(.univariate(method)).prepare(reference: reference).evaluate(reference)
        #expect(same.features.first?.drifted == false, "\(same.features)")
    }

    @Test func aTestIsGivenOnlyWhatItCanCompare() throws {
        let table = try Samples.csv("n,c\n1.5,a\n2.5,b\n3.5,a\n4.5,b\n5.5,a\n6.5,b\n")
        #expect(try DetectorSpec(.univariate(.wasserstein)).prepare(reference: table).columns == ["n"])
        #expect(try DetectorSpec(.univariate(.jensenShannon)).prepare(reference: table).columns == ["n", "c"])
        #expect(throws: MartletError.self) { try DetectorSpec(.textAgainstChance).prepare(reference: table) }
        var spec = DetectorSpec(.univariate(.wasserstein))
        spec.columns = ["c"]
        let error = #expect(throws: MartletError.self) { try spec.prepare(reference: table).evaluate(table) }
        #expect(error?.message.contains("'c'") == true)
        spec.columns = ["no"]
        #expect(throws: MartletError.self) { try spec.prepare(reference: table) }
    }

    @Test func aMethodThatDoesNotSuitHasNoVerdict() throws {
        let table = try Samples.csv("two,three\n" + (0..<60).map { "\($0 % 2),\($0 % 3)\n" }.joined())
        let detector = try DetectorSpec(.univariate(.fisherExact)).prepare(reference: table)
        let features = try detector.evaluate(table).features
        #expect(features.map(\.drifted) == [false, nil] && features[1].reason?.contains("'three'") == true)
        // A third category that only the current rows have.
        let grown = try Samples.csv("two,three\n" + (0..<60).map { "\($0 % 3),\($0 % 3)\n" }.joined())
        #expect(try detector.evaluate(grown).drifted == nil)
        var spec = DetectorSpec(.univariate(.kolmogorovSmirnov))
        spec.threshold = 2
        let numbers = try Samples.normal(20, means: [0], seed: 1)
        let error = #expect(throws: MartletError.self) { try spec.prepare(reference: numbers) }
        #expect(error?.message.contains("threshold 2.0 cannot be one of ks") == true)
    }

    @Test func textsAreToldApart() throws {
        let past = (0..<200).map { "the order number \($0) was sent by mail to the customer" as String? }
        let present = (0..<200).map { "refund \($0) please cancel everything at once" as String? }
        let reference = try Samples.column("x", .strings(past))
        let detector = try DetectorSpec(.textAgainstChance).prepare(reference: reference)
        let moved = try detector.evaluate(Samples.column("x", .strings(present)))
        #expect(moved.features.first?.drifted == true && moved.features.first?.threshold == 0.95)
        let report = try detector.evaluate(Samples.column("x", .strings([nil, nil, nil])))
        #expect(report.drifted == nil && report.reason?.hasPrefix("insufficient data") == true)
    }
}
