import Core
import Testing

import Statistics

/// What detectors with an expected run time refuse, skip and keep.
struct OnlineDetectorTests {
    private static let options = OnlineOptions(expectedRunTime: 20, windows: [4], bootstraps: 60, seed: 3)

    private func normals(_ rows: Int, _ features: Int, seed: UInt64 = 1, scale: Double = 1) throws -> SampleMatrix {
        var generator = SeededGenerator(seed: seed)
        let elements = (0..<(rows * features)).map { _ in Float(generator.normal() * scale) }
        return try SampleMatrix(names: (0..<features).map { "f\($0)" }, elements: elements)
    }

    private func bits(_ rows: Int) throws -> SampleMatrix {
        try SampleMatrix(names: ["a", "b"], elements: (0..<(rows * 2)).map { $0 % 5 < 2 ? 1 : 0 })
    }

    private func all(_ options: OnlineOptions = options) throws -> [(any OnlineDetector, SampleMatrix)] {
        let (numbers, ones) = (try normals(40, 2), try bits(40))
        return [
            (try OnlineMMD(reference: numbers, options: options), numbers),
            (try OnlineLSDD(reference: numbers, options: options), numbers),
            (try OnlineCramerVonMises(reference: numbers, options: options), numbers),
            (try OnlineFisherExact(reference: ones, options: options), ones),
        ]
    }

    private func code(_ body: () throws -> Void) -> MartletError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? MartletError)?.code }
    }

    @Test func rowsThatCannotBeTakenAreCountedAndChangeNothing() throws {
        for (clean, _) in try all() {
            var (clean, dirty) = (clean, clean)
            for index in 0..<20 {
                let odd: [Float] = index % 2 == 0 ? [.nan, 1] : [0, .infinity]
                let result = try dirty.update(odd)
                #expect(result.statistic == nil && !result.drifted)
                let row: [Float] = index % 3 == 0 ? [1, 0] : [0, 1]
                #expect(try clean.update(row) == dirty.update(row))
            }
            #expect(dirty.skipped == 20)
            #expect(dirty.time == clean.time)
        }
    }

    @Test func theStateSurvivesWithoutSimulatingAnew() throws {
        for (made, reference) in try all() {
            var detector = made
            for index in 0..<11 { _ = try detector.update(index % 2 == 0 ? [1, 0] : [0, 0]) }
            _ = try detector.update([.nan, 0])
            let text = detector.encode().serialized()
            var restored = try type(of: made).init(state: JSONValue.parse(text), reference: reference)
            #expect(restored.encode() == detector.encode())
            #expect(restored.skipped == 1)
            for index in 0..<11 {
                let row: [Float] = index % 3 == 0 ? [1, 1] : [0, 1]
                #expect(try restored.update(row) == detector.update(row))
            }
        }
    }

    @Test func aDamagedStateIsRefused() throws {
        for (made, reference) in try all() {
            let state = try #require(made.encode().objectValue)
            for key in state.keys {
                for wrong in [JSONValue.null, "x", [], [1e300], -5] where state[key] != wrong {
                    // No row was taken yet, and any seed, number of rows or kind of window without rows is a possible one.
                    if ["seed", "recent", "statistics"].contains(key), wrong == [] || wrong == -5 { continue }
                    var damaged = state
                    damaged[key] = wrong
                    #expect(
                        code { _ = try type(of: made).init(state: .object(damaged), reference: reference) }
                            == .dataLoss,
                        "\(type(of: made)): \(key) = \(wrong)"
                    )
                }
            }
            let other = try normals(40, 2, seed: 9)
            #expect(code { _ = try type(of: made).init(state: .object(state), reference: other) } == .dataLoss)
        }
    }

    @Test func resettingStartsTheRunTimeAnew() throws {
        for (made, _) in try all() {
            var detector = made
            for _ in 0..<9 { _ = try detector.update([1, 0]) }
            detector.reset()
            #expect(detector.time == 0)
            var fresh = made
            for _ in 0..<9 { #expect(try detector.update([0, 1]) == fresh.update([0, 1])) }
        }
    }

    @Test func optionsAreChecked() throws {
        let bad: [(OnlineOptions, MartletError.Code)] = [
            (OnlineOptions(expectedRunTime: 1, windows: [4]), .invalidArgument),
            (OnlineOptions(expectedRunTime: .nan, windows: [4]), .invalidArgument),
            (OnlineOptions(expectedRunTime: 20, windows: []), .invalidArgument),
            (OnlineOptions(expectedRunTime: 20, windows: [1]), .invalidArgument),
            (OnlineOptions(expectedRunTime: 2_000, windows: [4]), .invalidArgument),
            (
                OnlineOptions(expectedRunTime: 20, windows: [4], bootstraps: SequentialLimits.bootstraps + 1),
                .invalidArgument
            ),
            // Streams that have passed a threshold leave; too few are left in the end.
            (OnlineOptions(expectedRunTime: 20, windows: [4], bootstraps: 21), .failedPrecondition),
        ]
        for (options, expected) in bad {
            #expect(code { _ = try OnlineMMD(reference: normals(40, 2), options: options) } == expected, "\(options)")
            #expect(code { _ = try OnlineLSDD(reference: normals(40, 2), options: options) } == expected, "\(options)")
            #expect(
                code { _ = try OnlineCramerVonMises(reference: normals(40, 2), options: options) } == expected,
                "\(options)"
            )
        }
    }

    @Test func theLimitsHold() throws {
        let tooLong = SequentialLimits.onlineWindow + 1
        let windows = Array(repeating: 4, count: SequentialLimits.onlineWindows)
        let simulation = SequentialLimits.simulatedStatistics
        let kernel = SequentialLimits.kernelWindow
        let cases: [(OnlineOptions, MartletError.Code?)] = [
            (OnlineOptions(expectedRunTime: 20, windows: [tooLong]), .invalidArgument),
            (OnlineOptions(expectedRunTime: 20, windows: windows, bootstraps: 60), nil),
            (OnlineOptions(expectedRunTime: 20, windows: windows + [4], bootstraps: 60), .invalidArgument),
            (
                OnlineOptions(expectedRunTime: 20, windows: [tooLong - 1], bootstraps: simulation / 1_999 + 1),
                .payloadTooLarge
            ),
        ]
        for (options, expected) in cases {
            #expect(code { _ = try OnlineCramerVonMises(reference: normals(40, 2), options: options) } == expected)
        }
        for window in [kernel, kernel + 1] {
            let options = OnlineOptions(expectedRunTime: 20, windows: [window], bootstraps: 20)
            // At the limit only the reference is too short.
            let expected: MartletError.Code = window == kernel ? .failedPrecondition : .invalidArgument
            #expect(code { _ = try OnlineMMD(reference: normals(40, 2), options: options) } == expected)
        }
        for centres in [SequentialLimits.kernelCentres, SequentialLimits.kernelCentres + 1, 0] {
            let expected: MartletError.Code =
                centres == SequentialLimits.kernelCentres ? .failedPrecondition : .invalidArgument
            #expect(
                code { _ = try OnlineLSDD(reference: normals(40, 2), options: Self.options, centreCount: centres) }
                    == expected
            )
        }
        let rows = SequentialLimits.onlineReference
        let many = try normals(rows + 1, 1)
        #expect(code { _ = try OnlineCramerVonMises(reference: many, options: Self.options) } == .payloadTooLarge)
        #expect(code { _ = try OnlineMMD(reference: many, options: Self.options) } == .payloadTooLarge)
        #expect(code { _ = try OnlineCramerVonMises(reference: normals(rows, 1), options: Self.options) } == nil)
        let wide = try normals(8, SequentialLimits.onlineFeatures + 1)
        #expect(code { _ = try OnlineCramerVonMises(reference: wide, options: Self.options) } == .payloadTooLarge)
        #expect(code { _ = try OnlineFisherExact(reference: wide, options: Self.options) } == .payloadTooLarge)
    }

    @Test func aReferenceThatSaysNothingIsRefused() throws {
        let short = try normals(8, 2)
        #expect(code { _ = try OnlineMMD(reference: short, options: Self.options) } == .failedPrecondition)
        #expect(code { _ = try OnlineLSDD(reference: short, options: Self.options) } == .failedPrecondition)
        #expect(
            code { _ = try OnlineCramerVonMises(reference: normals(1, 2), options: Self.options) }
                == .failedPrecondition
        )
        let constant = try SampleMatrix(names: ["a"], elements: [Float](repeating: 2, count: 60))
        #expect(code { _ = try OnlineMMD(reference: constant, options: Self.options) } == .failedPrecondition)
        #expect(code { _ = try OnlineLSDD(reference: constant, options: Self.options) } == .failedPrecondition)
        let missing = try SampleMatrix(names: ["a"], elements: [Float](repeating: .nan, count: 60))
        #expect(code { _ = try OnlineMMD(reference: missing, options: Self.options) } == .failedPrecondition)
        #expect(code { _ = try OnlineCramerVonMises(reference: missing, options: Self.options) } == .failedPrecondition)
        let zeros = try SampleMatrix(names: ["a"], elements: [Float](repeating: 0, count: 60))
        #expect(code { _ = try OnlineFisherExact(reference: zeros, options: Self.options) } == .failedPrecondition)
        #expect(
            code { _ = try OnlineFisherExact(reference: normals(40, 1), options: Self.options) } == .invalidArgument
        )
        #expect(
            code { _ = try OnlineFisherExact(reference: bits(40), options: Self.options, smoothing: 0) }
                == .invalidArgument
        )
    }

    @Test func aConstantStreamIsJudgedNotTrapped() throws {
        let constant = try SampleMatrix(names: ["a"], elements: [Float](repeating: 2, count: 60))
        var detector = try OnlineCramerVonMises(reference: constant, options: Self.options)
        for _ in 0..<10 { #expect(try !detector.update([2]).drifted) }
        for _ in 0..<10 { _ = try detector.update([3]) }
        #expect(detector.detections > 0)
    }

    @Test func anotherNumberOfFeaturesIsRefused() throws {
        for (made, _) in try all() {
            var detector = made
            #expect(code { _ = try detector.update([1]) } == .invalidArgument)
            #expect(code { _ = try detector.update([1, 0, 1]) } == .invalidArgument)
            #expect(detector.time == 0)
        }
    }

    @Test func givenOrdersMustHoldEachRow() throws {
        let whole = Array(0..<40)
        let draws: [OnlineDraws] = [
            .given(streams: [[1, 2]], split: whole, centres: whole),
            .given(streams: Array(repeating: whole, count: 60), split: Array(repeating: 0, count: 40), centres: whole),
        ]
        for draw in draws {
            #expect(
                code { _ = try OnlineMMD(reference: normals(40, 2), options: Self.options, draws: draw) }
                    == .invalidArgument
            )
        }
    }

    @Test(arguments: [1e-9, 1, 1e12]) func scaleDoesNotMatter(scale: Double) throws {
        var plain = try OnlineMMD(reference: normals(40, 2), options: Self.options)
        var scaled = try OnlineMMD(reference: normals(40, 2, scale: scale), options: Self.options)
        let (rows, large) = (try normals(12, 2, seed: 8), try normals(12, 2, seed: 8, scale: scale))
        for index in 0..<12 {
            let first = try plain.update([rows[index, 0], rows[index, 1]])
            let second = try scaled.update([large[index, 0], large[index, 1]])
            let (left, right) = (try #require(first.statistic), try #require(second.statistic))
            #expect(agree(left, right, relative: 1e-4, absolute: 1e-5))
        }
    }

    @Test func twoCentresMayBeEqual() throws {
        var elements = [Float](repeating: 0, count: 20)
        var generator = SeededGenerator(seed: 2)
        elements += (0..<60).map { _ in Float(generator.normal()) }
        var detector = try OnlineLSDD(reference: SampleMatrix(names: ["a"], elements: elements), options: Self.options)
        for _ in 0..<5 { #expect(try detector.update([0.5]).statistic?.isFinite == true) }
    }
}
