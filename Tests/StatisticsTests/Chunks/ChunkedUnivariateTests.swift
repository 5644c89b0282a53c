import Core
import Testing

import Statistics

/// What chunked comparisons say of awkward columns, and how often they cry wolf.
struct ChunkedUnivariateTests {
    private func normals(_ count: Int, seed: UInt64, mean: Double = 0, scale: Double = 1) -> ChunkedColumn {
        var generator = SeededGenerator(seed: seed)
        return .numbers((0..<count).map { _ in (generator.normal() + mean) * scale }, areIntegers: false)
    }

    private func letters(_ count: Int, seed: UInt64, _ alphabet: [String]) -> ChunkedColumn {
        var generator = SeededGenerator(seed: seed)
        return .categories((0..<count).map { _ in alphabet[generator.index(below: alphabet.count)] })
    }

    private func code(_ body: () throws -> Void) -> MartletError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? MartletError)?.code }
    }

    private static var numeric: [ChunkMethod] { ChunkMethod.allCases.filter(\.takesNumbers) }
    private static var categorical: [ChunkMethod] { ChunkMethod.allCases.filter(\.takesCategories) }

    @Test(arguments: numeric, [1e-9, 1, 1e12]) func aShiftIsSeenAtAnyScale(method: ChunkMethod, scale: Double) throws {
        let detector = try ChunkedUnivariate(
            reference: normals(1_000, seed: 1, scale: scale),
            method: method,
            chunkSize: 100
        )
        #expect(try detector.compare(normals(100, seed: 2, scale: scale)).alert == false)
        #expect(try detector.compare(normals(100, seed: 2, mean: 2, scale: scale)).alert == true)
    }

    @Test(arguments: categorical) func unseenCategoriesAreSeen(method: ChunkMethod) throws {
        let reference = letters(1_000, seed: 1, ["a", "b", "c"])
        let detector = try ChunkedUnivariate(reference: reference, method: method, chunkSize: 100)
        #expect(try detector.compare(letters(100, seed: 2, ["a", "b", "c"])).alert == false)
        #expect(try detector.compare(letters(100, seed: 2, ["x", "y"])).alert == true)
        #expect(try detector.compare(.categories(["x"])).value?.isFinite == true)
    }

    /// Bounds three deviations away: about 2 % of chunks of a steady column, more where few reference chunks set them.
    @Test func steadyColumnsSeldomAlarm() throws {
        for method in Self.numeric {
            var alarms = 0
            for seed in 0..<25 {
                let reference = normals(1_500, seed: UInt64(seed))
                let detector = try ChunkedUnivariate(reference: reference, method: method, chunkSize: 50)
                for chunk in normals(1_000, seed: UInt64(1_000 + seed)).chunks(of: 50) {
                    if try detector.compare(chunk).alert == true { alarms += 1 }
                }
            }
            #expect(alarms <= 25, "\(method): \(alarms) of 500")
        }
    }

    @Test(arguments: numeric) func constantsHaveNoDistance(method: ChunkMethod) throws {
        let constant = ChunkedColumn.numbers([Double](repeating: 5, count: 40), areIntegers: true)
        let detector = try ChunkedUnivariate(reference: constant, method: method, chunkSize: 10)
        let same = try detector.compare(.numbers([5, 5], areIntegers: true))
        #expect(same.value == 0 && same.alert == false)
        let moved = try detector.compare(.numbers([6, 6], areIntegers: true))
        #expect(moved.alert == true)
        #expect(moved.value?.isFinite == true)
    }

    @Test(arguments: ChunkMethod.allCases) func aChunkWithoutValuesHasNoVerdict(method: ChunkMethod) throws {
        let reference = method.takesNumbers ? normals(60, seed: 1) : letters(60, seed: 1, ["a", "b"])
        let detector = try ChunkedUnivariate(reference: reference, method: method, chunkSize: 20)
        let empty: [ChunkedColumn] =
            method.takesNumbers
            ? [.numbers([], areIntegers: false), .numbers([.nan, .infinity], areIntegers: false)]
            : [.categories([]), .categories([nil, nil])]
        for chunk in empty {
            let found = try detector.compare(chunk)
            #expect(found.value == nil && found.alert == nil && found.pValue == nil)
        }
    }

    @Test(arguments: numeric, 1...4) func fewValuesAreEnough(method: ChunkMethod, count: Int) throws {
        let detector = try ChunkedUnivariate(reference: normals(count, seed: 3), method: method, chunkSize: 2)
        #expect(try detector.compare(normals(count, seed: 4)).value?.isFinite == true)
        #expect(detector.reference.count == (count + 1) / 2)
    }

    @Test func missingValuesAreLeftOutOfDistances() throws {
        let clean = try ChunkedUnivariate(reference: normals(90, seed: 1), method: .wasserstein, chunkSize: 30)
        let found = try clean.compare(.numbers([1, .nan, 2, -.infinity], areIntegers: false))
        #expect(found == (try clean.compare(.numbers([1, 2], areIntegers: false))))
    }

    @Test func whatMakesNoSenseIsRefused() throws {
        let numbers = normals(30, seed: 1)
        let text = letters(30, seed: 1, ["a"])
        #expect(
            code { _ = try ChunkedUnivariate(reference: numbers, method: .chiSquared, chunkSize: 5) }
                == .invalidArgument
        )
        #expect(
            code { _ = try ChunkedUnivariate(reference: text, method: .wasserstein, chunkSize: 5) } == .invalidArgument
        )
        #expect(
            code { _ = try ChunkedUnivariate(reference: numbers, method: .wasserstein, chunkSize: 0) }
                == .invalidArgument
        )
        #expect(
            code { _ = try ChunkedUnivariate(reference: .categories([nil]), method: .lInfinity, chunkSize: 5) }
                == .failedPrecondition
        )
        #expect(
            code {
                _ = try ChunkedUnivariate(reference: .numbers([], areIntegers: true), method: .hellinger, chunkSize: 5)
            }
                == .failedPrecondition
        )
        let detector = try ChunkedUnivariate(reference: numbers, method: .jensenShannon, chunkSize: 5)
        #expect(code { _ = try detector.compare(text) } == .invalidArgument)
        #expect(code { _ = try ChunkedQuality(reference: numbers, measure: .unseen, chunkSize: 5) } == .invalidArgument)
        #expect(
            code { _ = try ChunkedQuality(reference: text, measure: .outOfRange, chunkSize: 5) } == .invalidArgument
        )
        #expect(
            code { _ = try ChunkedQuality(reference: numbers, measure: .missing, chunkSize: 0) } == .invalidArgument
        )
        #expect(
            code { _ = try ChunkedQuality(reference: .categories([]), measure: .missing, chunkSize: 5) }
                == .failedPrecondition
        )
    }

    @Test func theNumberOfChunksIsLimited() throws {
        for (rows, expected) in [
            (ChunkLimits.chunks, nil), (ChunkLimits.chunks + 1, MartletError.Code.payloadTooLarge),
        ] {
            let column = ChunkedColumn.categories(Array(repeating: "a", count: rows))
            #expect(code { _ = try ChunkedUnivariate(reference: column, method: .lInfinity, chunkSize: 1) } == expected)
            #expect(code { _ = try ChunkedQuality(reference: column, measure: .missing, chunkSize: 1) } == expected)
        }
    }

    @Test func tenThousandCategoriesAreCounted() throws {
        let many = ChunkedColumn.categories((0..<20_000).map { "c\($0 % 10_000)" })
        let detector = try ChunkedUnivariate(reference: many, method: .jensenShannon, chunkSize: 10_000)
        #expect(try detector.compare(.categories((0..<10_000).map { "c\($0)" })).value == 0)
    }
}
