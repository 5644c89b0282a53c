import Core
import Foundation
import Testing

import Statistics

struct LogisticRegressionTests {
    private let rows = 40

    private func sample() throws -> SampleMatrix {
        var elements: [Float] = []
        for row in 0..<rows {
            let first = Double(row * 7 % 11) / 11 * 3
            elements.append(Float(first - 1.5))
            elements.append(Float(1000 * (Double(row * 5 % 13) / 13)))
            elements.append(Float(Double(row * 3 % 8) / 8))
        }
        return try SampleMatrix(names: ["a", "b", "c"], elements: elements)
    }

    private func targets(_ sample: SampleMatrix) -> [Double] {
        (0..<rows).map { i in sample[i, 0] > 0.8 || (i * i + 3 * i) % 7 < 3 ? 1 : 0 }
    }

    /// scikit-learn 1.9.1, LogisticRegression(C:, tol=1e-12, solver="newton-cholesky"); the last row on standardised features.
    @Test(arguments: [
        (1.0, false, [0.8674074243465831, -0.0007608364047701138, -0.8118291681558732], 0.35261399163680274),
        (0.1, false, [0.3681235799560401, -0.0005962179286567965, -0.10423050459078083], -0.057417141977362356),
        (100, false, [1.2054311744217592, -0.0006927102396785654, -2.4304956027733025], 1.027795192324631),
        (1, true, [0.9988844807571762, -0.0005471279385004444, -1.979065622757216], 0.7643669971359549),
    ])
    func equalsScikitLearn(strength: Double, standardised: Bool, coefficients: [Double], intercept: Double) throws {
        let sample = try sample()
        let model = try LogisticRegression(
            rows: sample,
            targets: targets(sample),
            strength: strength,
            standardised: standardised
        )
        for (left, right) in zip(model.coefficients, coefficients) {
            #expect(agree(left, right, relative: 1e-5), "\(left) \(right)")
        }
        #expect(agree(model.intercept, intercept, relative: 1e-5), "\(model.intercept)")
    }

    @Test func separatedClassesAndOddValuesStayFinite() throws {
        let rows: [[Float]] = (0..<20).map { [Float($0 < 10 ? -1 : 1) * 1e12, 1, $0 == 3 ? .nan : 1e-9] }
        let sample = try SampleMatrix(rows: rows)
        let model = try LogisticRegression(rows: sample, targets: (0..<20).map { $0 < 10 ? 0 : 1 })
        let odd = try SampleMatrix(rows: [[.infinity, .nan, 0], [1e12, 1, 0], [-1e12, 1, 0]])
        let probabilities = try model.predict(odd)
        #expect(probabilities.allSatisfy { $0 >= 0 && $0 <= 1 })
        #expect(probabilities[1] > 0.9 && probabilities[2] < 0.1)
    }

    @Test func badInputIsATypedError() throws {
        let good = try SampleMatrix(rows: [[1, 2], [2, 1], [3, 3]])
        let code = TestSamples.code
        let empty = try SampleMatrix(names: ["x"], elements: [])
        #expect(code { _ = try LogisticRegression(rows: empty, targets: []) } == .failedPrecondition)
        for targets in [[0, 1], [0, 1, 2], [0, 1, .nan]] {
            #expect(code { _ = try LogisticRegression(rows: good, targets: targets) } == .invalidArgument)
        }
        for strength in [0, -1, Double.nan, .infinity] {
            #expect(
                code { _ = try LogisticRegression(rows: good, targets: [0, 1, 0], strength: strength) }
                    == .invalidArgument
            )
        }
        let model = try LogisticRegression(rows: good, targets: [0, 1, 0])
        #expect(code { _ = try model.predict(SampleMatrix(rows: [[1]])) } == .invalidArgument)
        let limit = StatisticsLimits.logisticFeatures
        let widest = try SampleMatrix(rows: [[Float](repeating: 1, count: limit)])
        #expect(try LogisticRegression(rows: widest, targets: [1]).coefficients.count == limit)
        let wider = try SampleMatrix(rows: [[Float](repeating: 1, count: limit + 1)])
        #expect(code { _ = try LogisticRegression(rows: wider, targets: [1]) } == .payloadTooLarge)
    }
}
