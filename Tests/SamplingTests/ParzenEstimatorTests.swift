import Core
import Sampling
import Testing

/// Numbers of Optuna 5.0.0 for its own Parzen estimator.
private struct ParzenCase: Sendable, CustomTestStringConvertible {
    let json: JSONValue

    var testDescription: String { json["id"]?.stringValue ?? "" }

    static func all() -> [ParzenCase] {
        ((try? Vectors.json("optuna-parzen.json"))?["cases"]?.arrayValue ?? []).map(ParzenCase.init)
    }

    func space() throws -> SearchSpace {
        try SearchSpace(
            (json["space"]?.objectValue ?? [:]).pairs.map { name, value in
                let (low, high) = (value["low"]?.doubleValue ?? 0, value["high"]?.doubleValue ?? 0)
                let (log, step) = (value["log"]?.boolValue ?? false, value["step"]?.doubleValue)
                switch value["type"]?.stringValue {
                case "FloatDistribution": return (name, .float(low: low, high: high, log: log, step: step))
                case "IntDistribution":
                    return (name, .integer(low: Int(low), high: Int(high), log: log, step: Int(step ?? 1)))
                default: return (name, .choice(value["choices"]?.arrayValue ?? []))
                }
            }
        )
    }

    /// The rows of `observations` or `points`, which are given by column.
    func rows(_ key: String, _ space: SearchSpace) -> [[Double]] {
        let columns = space.parameters.map { (json[key]?[$0.name] ?? .null).numbers }
        return (columns.first ?? []).indices.map { row in columns.map { $0[row] } }
    }
}

@Suite("The Parzen estimator is Optuna's")
struct ParzenEstimatorTests {
    @Test("in the number of good trials")
    func goodCount() throws {
        let pairs = try Vectors.json("optuna-parzen.json")["gamma"]?.arrayValue ?? []
        #expect(pairs.count == 12)
        for pair in pairs { #expect(TPESampler.goodCount(Int(pair.numbers[0])) == Int(pair.numbers[1])) }
    }

    @Test("in the weights of old and new trials")
    func weights() throws {
        let weights = try Vectors.json("optuna-parzen.json")["weights"]?.objectValue ?? [:]
        #expect(weights.count >= 6)
        for (count, expected) in weights.pairs {
            let ours = ParzenEstimator.observationWeights(try #require(Int(count)))
            try #require(ours.count == expected.numbers.count)
            for (one, other) in zip(ours, expected.numbers) { #expect(abs(one - other) < 1e-12) }
        }
    }

    @Test("in kernels and densities", arguments: ParzenCase.all())
    private func estimator(_ golden: ParzenCase) throws {
        let space = try golden.space()
        let estimator = ParzenEstimator(golden.rows("observations", space), in: space)
        let expected = try #require(golden.json["expected"])
        expectEqual(estimator.weights, (expected["weights"] ?? .null).numbers, 1e-12)
        for (parameter, kernels) in zip(space.parameters, estimator.kernels) {
            let theirs = expected["kernels"]?[parameter.name]
            switch kernels {
            case .numeric(let means, let deviations):
                // Optuna sorts equal observations in no fixed order, so their widths are compared as a whole.
                let ours = zip(means, deviations).map { [$0, $1] }
                let peers = zip((theirs?["mu"] ?? .null).numbers, (theirs?["sigma"] ?? .null).numbers).map { [$0, $1] }
                let (left, right) = (ours.sorted(by: rank), peers.sorted(by: rank))
                expectEqual(left.flatMap { $0 }, right.flatMap { $0 }, 1e-9)
            case .choice(let rows):
                let peers = theirs?["category_weights"] ?? .null
                expectEqual(rows.flatMap { $0 }, (peers.arrayValue ?? []).flatMap(\.numbers), 1e-9)
            }
        }
        let isExact =
            golden.json["ties"]?.boolValue == false || space.parameters.count == 1 && estimator.weights.count <= 26
        guard isExact else { return }
        expectEqual(
            golden.rows("points", space).map(estimator.logDensity),
            (expected["log_pdf"] ?? .null).numbers,
            1e-9
        )
    }

    private func rank(_ left: [Double], _ right: [Double]) -> Bool {
        (rounded(left[0]), left[1]) < (rounded(right[0]), right[1])
    }

    private func rounded(_ value: Double) -> Double {
        (value * 1e9).rounded()
    }

    private func expectEqual(_ ours: [Double], _ theirs: [Double], _ tolerance: Double) {
        guard ours.count == theirs.count else {
            Issue.record("\(ours.count) numbers instead of \(theirs.count)")
            return
        }
        for (one, other) in zip(ours, theirs) where abs(one - other) > tolerance * max(1, abs(other)) {
            Issue.record("\(one) instead of \(other)")
        }
    }
}
