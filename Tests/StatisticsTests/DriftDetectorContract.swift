import Core
import Testing

import Statistics

/// What every detector must do; runs over each implementation.
struct DriftDetectorContract {
    /// A detector by name, made from a reference and a level.
    struct Subject: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (SampleMatrix, Double) throws -> any DriftDetector
    }

    static let subjects = [
        Subject(testDescription: "mmd") { try MMDDetector(reference: $0, level: $1) },
        Subject(testDescription: "mmd, median across") {
            try MMDDetector(reference: $0, level: $1, bandwidth: .medianAcross, scaling: .none)
        },
        Subject(testDescription: "ks, bonferroni") { try KSDetector(reference: $0, level: $1) },
        Subject(testDescription: "ks, fdr") {
            try KSDetector(reference: $0, level: $1, correction: .benjaminiHochberg, method: .asymptotic)
        },
    ]

    private func sample(_ rows: Int, seed: UInt64, shift: Double = 0) throws -> SampleMatrix {
        var generator = SeededGenerator(seed: seed)
        let elements = (0..<(rows * 3)).map { Float(generator.normal() + ($0 % 3 == 0 ? shift : 0)) }
        return try SampleMatrix(names: ["a", "b", "c"], elements: elements)
    }

    @Test(arguments: subjects)
    func seesAShiftAndNothingElse(subject: Subject) throws {
        let detector = try subject.make(sample(60, seed: 1), 0.01)
        #expect(detector.featureNames == ["a", "b", "c"])
        #expect(detector.level == 0.01)
        let shifted = try detector.evaluate(sample(40, seed: 2, shift: 2))
        #expect(shifted.kind == detector.kind)
        #expect(shifted.drifted)
        #expect(shifted.pValue < shifted.threshold)
        let same = try detector.evaluate(sample(40, seed: 3))
        #expect(!same.drifted)
        #expect(same.statistic < shifted.statistic)
        for report in [shifted, same] {
            #expect((0...1).contains(report.pValue))
            #expect(report.statistic.isFinite)
        }
    }

    @Test(arguments: subjects)
    func sameRowsGiveTheSameReport(subject: Subject) throws {
        let detector = try subject.make(sample(30, seed: 1), 0.05)
        let current = try sample(20, seed: 5)
        #expect(try detector.evaluate(current) == detector.evaluate(current))
    }

    @Test(arguments: subjects)
    func refusesAnotherWidth(subject: Subject) throws {
        let detector = try subject.make(sample(30, seed: 1), 0.05)
        let narrow = try SampleMatrix(rows: [[1, 2], [3, 4], [5, 6]])
        let error = #expect(throws: MartletError.self) { try detector.evaluate(narrow) }
        #expect(error?.code == .invalidArgument)
    }

    @Test(arguments: subjects)
    func rowsWithoutAFiniteValueAreInsufficient(subject: Subject) throws {
        let detector = try subject.make(sample(30, seed: 1), 0.05)
        let empty = try SampleMatrix(names: ["a", "b", "c"], elements: [])
        let missing = try SampleMatrix(
            names: ["a", "b", "c"],
            elements: [Float](repeating: .nan, count: 15) + [Float](repeating: .infinity, count: 15)
        )
        for sample in [empty, missing] {
            let error = #expect(throws: MartletError.self) { try detector.evaluate(sample) }
            #expect(error?.code == .failedPrecondition)
            let atStart = #expect(throws: MartletError.self) { try subject.make(sample, 0.05) }
            #expect(atStart?.code == .failedPrecondition)
        }
    }

    @Test(arguments: subjects)
    func someMissingValuesLeaveAVerdict(subject: Subject) throws {
        let detector = try subject.make(sample(40, seed: 1), 0.05)
        var elements = try sample(30, seed: 2, shift: 3).elements
        for index in stride(from: 1, to: 30, by: 7) { elements[index] = .nan }
        elements[2] = -.infinity
        let report = try detector.evaluate(SampleMatrix(names: ["a", "b", "c"], elements: elements))
        #expect(report.drifted)
        #expect(report.statistic.isFinite)
    }

    @Test(arguments: subjects, [0, 1, -1, 2, Double.nan])
    func refusesALevelThatIsNoProbability(subject: Subject, level: Double) throws {
        let error = #expect(throws: MartletError.self) { try subject.make(sample(10, seed: 1), level) }
        #expect(error?.code == .invalidArgument)
    }

    @Test(arguments: subjects, 1...4)
    func tinyWindowsGiveAVerdictOrAnError(subject: Subject, rows: Int) throws {
        let detector = try subject.make(sample(30, seed: 1), 0.05)
        do {
            let report = try detector.evaluate(sample(rows, seed: 8))
            #expect((0...1).contains(report.pValue))
        } catch let error as MartletError {
            #expect(error.code == .failedPrecondition)
            #expect(rows == 1)
        }
    }
}
