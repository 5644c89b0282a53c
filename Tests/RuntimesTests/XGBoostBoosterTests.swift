import Core
import Runtimes
import Testing

@Suite("Training with XGBoost's library")
struct XGBoostBoosterTests {
    /// Rows whose class is the sign of a sum, so that a few rounds suffice.
    private static func data(_ rows: Int) -> (values: [Float], labels: [Float]) {
        var random = SeededGenerator(seed: 2)
        let values = (0..<rows * 3).map { _ in Float(random.normal()) }
        let labels = (0..<rows).map { values[$0 * 3] + values[$0 * 3 + 1] > 0 ? Float(1) : 0 }
        return (values, labels)
    }

    private static func train(rounds: Int32 = 10) throws -> (XGBoostBooster, XGBoostMatrix, [Float]) {
        let (values, labels) = data(200)
        let matrix = try XGBoostMatrix(values, rowCount: 200, featureCount: 3, labels: labels)
        let booster = try XGBoostBooster(
            parameters: [("objective", "binary:logistic"), ("max_depth", "3"), ("nthread", "1"), ("seed", "1")],
            training: matrix
        )
        for iteration in 0..<rounds { try booster.update(iteration: iteration, on: matrix) }
        return (booster, matrix, labels)
    }

    @Test("learns, saves in both forms and loads what it saved")
    func roundTrip() throws {
        let (booster, matrix, labels) = try Self.train()
        #expect(try booster.roundCount() == 10)
        let predictions = try booster.predict(matrix)
        let right = zip(predictions, labels).count { ($0 > 0.5) == ($1 > 0.5) }
        #expect(right >= 195)
        for format in [XGBoostBooster.Format.json, .ubj] {
            let bytes = try booster.save(format)
            let (values, _) = Self.data(200)
            for runtime in [try TreeEnsemble(bytes), try XGBoostRuntime(bytes)] as [any RowRuntime] {
                for (ours, theirs) in zip(try runtime.predict(values, count: 200), predictions) {
                    #expect(abs(ours - theirs) < 3e-7)
                }
            }
        }
    }

    @Test("is repeatable: the same seed gives the same model file")
    func repeatable() throws {
        #expect(try Self.train().0.save(.json) == Self.train().0.save(.json))
    }

    @Test("explains: contributions and base value add up to the margin")
    func contributions() throws {
        let (booster, matrix, _) = try Self.train()
        let margins = try booster.predict(matrix, .margin)
        let contributions = try booster.predict(matrix, .contributions)
        #expect(contributions.count == 200 * 4)
        for row in 0..<200 {
            let sum = contributions[row * 4..<row * 4 + 4].reduce(0, +)
            #expect(abs(sum - margins[row]) < 1e-4)
        }
    }

    @Test("gives the contributions that the Python package gives", arguments: ["binary", "regression", "multiclass"])
    func contributionsMatchPeer(_ kind: String) throws {
        let cases = try GoldenFiles.json("cases.json")["cases"]?.arrayValue ?? []
        let golden = try #require(cases.first { $0["id"]?.stringValue == "xgboost/\(kind)" })
        let matrix = try XGBoostMatrix(GoldenFiles.rows(golden["rows"]), rowCount: 8, featureCount: 6)
        let booster = try XGBoostBooster(model: GoldenFiles.bytes("xgboost-\(kind).json"))
        for (output, key) in [(XGBoostBooster.Output.contributions, "contribs"), (.margin, "margin")] {
            let (ours, theirs) = (try booster.predict(matrix, output), GoldenFiles.numbers(golden[key]))
            try #require(ours.count == theirs.count)
            for (one, other) in zip(ours, theirs) { #expect(abs(one - other) < 1e-5) }
        }
    }

    @Test("names features in the saved model")
    func featureNames() throws {
        let (booster, _, _) = try Self.train(rounds: 1)
        try booster.setFeatureNames(["mean radius", "größe", "z"])
        #expect(try TreeEnsemble(booster.save(.json)).featureNames == ["mean radius", "größe", "z"])
    }

    @Test("refuses wrong parameters and sizes with what the library says, without its paths")
    func refusals() throws {
        let (values, labels) = Self.data(10)
        #expect(throws: MartletError.self) {
            try XGBoostMatrix(values, rowCount: 11, featureCount: 3, labels: labels)
        }
        #expect(throws: MartletError.self) {
            try XGBoostMatrix(values, rowCount: 10, featureCount: 3, labels: Array(labels.dropLast()))
        }
        let matrix = try XGBoostMatrix(values, rowCount: 10, featureCount: 3, labels: labels)
        for (name, value) in [("objective", "nope"), ("max_depth", "-3"), ("eta", "fast")] {
            let error = try #require(throws: MartletError.self) {
                let booster = try XGBoostBooster(parameters: [(name, value)], training: matrix)
                try booster.update(iteration: 0, on: matrix)
            }
            #expect(error.code == .invalidArgument)
            #expect(!error.message.contains("/") && !error.message.contains("Stack"), "\(error.message)")
        }
    }
}
