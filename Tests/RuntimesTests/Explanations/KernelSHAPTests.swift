import Core
import Runtimes
import Synchronization
import Testing

@Suite("Sampled SHAP values of any model")
struct KernelSHAPTests {
    private static func rows(_ count: Int, _ features: Int, seed: UInt64) -> [Float] {
        var random = SeededGenerator(seed: seed)
        return (0..<count * features).map { _ in Float(random.normal()) }
    }

    /// Calls `body` for each row.
    private static func each(_ rows: [Float], _ count: Int, _ body: (ArraySlice<Float>) -> [Float]) -> [Float] {
        let features = rows.count / count
        return (0..<count).flatMap { body(rows[$0 * features..<($0 + 1) * features]) }
    }

    @Test("a linear model: coefficient times distance from the background's mean, sampled or not", arguments: [5, 40])
    func linear(_ features: Int) async throws {
        let background = Self.rows(7, features, seed: 1)
        let row = Self.rows(1, features, seed: 2)
        let weights = Self.rows(1, features, seed: 3)
        let kernel = try KernelSHAP(background: background, rows: 7, featureCount: features, seed: 9)
        let explanation = try await kernel.explain(row) { rows, count in
            Self.each(rows, count) { [zip($0, weights).reduce(Float(1)) { $0 + $1.0 * $1.1 }] }
        }
        #expect(explanation.isExact == (features == 5))
        for feature in 0..<features {
            let mean = (0..<7).reduce(Float(0)) { $0 + background[$1 * features + feature] } / 7
            let expected = Double(weights[feature] * (row[feature] - mean))
            #expect(abs(explanation.values[feature] - expected) < 1e-4)
        }
        // Nothing but rounding is left over for the sets to disagree about.
        #expect(explanation.errorBound < 1e-4)
        let sum = explanation.values.reduce(explanation.baseValues[0], +)
        #expect(abs(sum - explanation.predictions[0]) < 1e-9)
    }

    @Test("equal to shap's KernelExplainer where every set is tried, for each output")
    func golden() async throws {
        let golden = try GoldenFiles.json("kernel-shap.json")
        let background = GoldenFiles.rows(golden["background"])
        let kernel = try KernelSHAP(background: background, rows: 4, featureCount: 6)
        let expected = GoldenFiles.numbers(golden["values"])
        let rows = GoldenFiles.rows(golden["rows"])
        for row in 0..<3 {
            let explanation = try await kernel.explain(Array(rows[row * 6..<row * 6 + 6])) { rows, count in
                Self.each(rows, count) { part in
                    let x = Array(part)
                    let first = x[0] * x[1] + 2 * x[2] - x[3] * x[3] * x[0] + x[4]
                    return [first, x[5] * x[1] * x[2] - x[4]]
                }
            }
            #expect(explanation.isExact && explanation.errorBound == 0)
            for (ours, theirs) in zip(explanation.baseValues, GoldenFiles.numbers(golden["base"])) {
                #expect(abs(ours - Double(theirs)) < 1e-5)
            }
            for place in 0..<12 {
                #expect(abs(explanation.values[place] - Double(expected[row * 12 + place])) < 1e-5)
            }
        }
    }

    /// Products of neighbours, whose exact values over one background row are known by symmetry: half of each product.
    private static func neighbours(_ rows: [Float], _ count: Int) -> [Float] {
        each(rows, count) { part in
            let x = Array(part)
            return [stride(from: 0, to: x.count - 1, by: 2).reduce(Float(0)) { $0 + x[$1] * x[$1 + 1] }]
        }
    }

    @Test("sampled values lie within their errors, add up, and repeat with the seed")
    func sampled() async throws {
        let features = 24
        let row = Self.rows(1, features, seed: 5)
        let zeros = [Float](repeating: 0, count: features)
        var (inside, all) = (0, 0)
        for seed in 0..<5 {
            let kernel = try KernelSHAP(
                background: zeros,
                rows: 1,
                featureCount: features,
                sets: 1000,
                seed: UInt64(seed)
            )
            let one = try await kernel.explain(row) { Self.neighbours($0, $1) }
            #expect(!one.isExact && one.sets <= 1000 && one.seed == UInt64(seed))
            #expect(abs(one.values.reduce(0, +) - one.predictions[0]) < 1e-9)
            for feature in 0..<features {
                let expected = Double(row[feature & ~1] * row[feature | 1]) / 2
                inside += abs(one.values[feature] - expected) <= 3 * one.standardErrors[feature] + 1e-6 ? 1 : 0
                #expect(abs(one.values[feature] - expected) < 0.25)
                all += 1
            }
            let again = try await kernel.explain(row) { Self.neighbours($0, $1) }
            #expect(again == one)
        }
        #expect(Double(inside) >= 0.95 * Double(all))
    }

    /// Products of three, which pairs of complements do not get right at once.
    private static func triples(_ rows: [Float], _ count: Int) -> [Float] {
        each(rows, count) { part in
            let x = Array(part)
            var sum: Float = 0
            for first in stride(from: 0, to: 18, by: 3) { sum += x[first] * x[first + 1] * x[first + 2] }
            return [sum]
        }
    }

    @Test("the errors are the spread over seeds, and more sets make them smaller")
    func errorsAreHonest() async throws {
        let features = 20
        let row = Self.rows(1, features, seed: 6)
        let zeros = [Float](repeating: 0, count: features)
        var bounds: [Double] = []
        for sets in [200, 800] {
            var (sums, squares, claimed) = (0.0, 0.0, 0.0)
            for seed in 0..<40 {
                let kernel = try KernelSHAP(
                    background: zeros,
                    rows: 1,
                    featureCount: features,
                    sets: sets,
                    seed: UInt64(seed)
                )
                let one = try await kernel.explain(row) { Self.triples($0, $1) }
                sums += one.values[0]
                squares += one.values[0] * one.values[0]
                claimed += one.standardErrors[0] / 40
            }
            let spread = ((squares - sums * sums / 40) / 39).squareRoot()
            #expect(claimed > 0.5 * spread && claimed < 2 * spread, "\(claimed) for a spread of \(spread)")
            bounds.append(claimed)
        }
        #expect(bounds[1] < bounds[0])
    }

    @Test("features that do not vary move nothing; one that does moves all")
    func constantFeatures() async throws {
        let kernel = try KernelSHAP(background: [1, 2, 3], rows: 1, featureCount: 3)
        let same = try await kernel.explain([1, 2, 3]) { rows, count in Self.each(rows, count) { [$0.reduce(0, +)] } }
        #expect(same.values == [0, 0, 0] && same.isExact && same.sets == 0)
        let one = try await kernel.explain([1, 5, 3]) { rows, count in Self.each(rows, count) { [$0.reduce(0, +)] } }
        #expect(one.values == [0, 3, 0] && one.baseValues == [6])
    }

    @Test("limits: background rows, features and sets, at and past them")
    func limits() throws {
        let (rows, features) = (RuntimesLimits.kernelBackground, RuntimesLimits.kernelFeatures)
        let sets = RuntimesLimits.kernelSets
        let make = { (rows: Int, features: Int, sets: Int?) in
            _ = try KernelSHAP(
                background: [Float](repeating: 0, count: rows * features),
                rows: rows,
                featureCount: features,
                sets: sets
            )
        }
        try make(rows, 2, nil)
        try make(1, features, nil)
        try make(1, 2, sets)
        try make(1, 2, 4)
        let refused: [(Int, Int, Int?)] = [
            (rows + 1, 2, nil), (1, features + 1, nil), (1, 2, sets + 1), (1, 2, 3), (0, 2, nil), (1, 0, nil),
        ]
        for (rows, features, sets) in refused {
            let error = try #require(throws: MartletError.self) { try make(rows, features, sets) }
            #expect(error.code == .invalidArgument)
        }
    }

    @Test("asks the model in bounded batches and refuses answers that do not fit")
    func batches() async throws {
        let features = 10
        let background = Self.rows(100, features, seed: 1)
        let kernel = try KernelSHAP(background: background, rows: 100, featureCount: features)
        let largest = Mutex(0)
        let row = Self.rows(1, features, seed: 2)
        _ = try await kernel.explain(row) { rows, count in
            largest.withLock { $0 = max($0, count) }
            return Self.each(rows, count) { [$0.reduce(0, +)] }
        }
        #expect(largest.withLock { $0 } <= RuntimesLimits.kernelBatchRows)
        for answer in [[Float](), [.nan], [1, 2, 3]] {
            let error = await #expect(throws: MartletError.self) {
                _ = try await kernel.explain(row) { _, count in
                    count == 1 ? answer : [Float](repeating: 0, count: count)
                }
            }
            #expect(error?.code == .internal)
        }
        let size = await #expect(throws: MartletError.self) {
            _ = try await kernel.explain([1]) { _, count in [Float](repeating: 0, count: count) }
        }
        #expect(size?.code == .invalidArgument)
    }
}
