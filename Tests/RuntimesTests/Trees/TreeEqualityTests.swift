import Core
import Runtimes
import Testing

@Suite("Trees walked here and by the libraries give the same numbers")
struct TreeEqualityTests {
    private static let objectives = [
        "binary:logistic", "binary:logitraw", "binary:hinge", "reg:squarederror", "reg:squaredlogerror",
        "reg:logistic", "reg:pseudohubererror", "reg:absoluteerror", "reg:gamma", "reg:tweedie", "count:poisson",
        "rank:ndcg", "rank:map", "rank:pairwise", "survival:cox", "survival:aft",
    ]

    /// How far two numbers are apart, in units of the last place.
    private static func distance(_ one: Float, _ other: Float) -> Int {
        one == other ? 0 : abs(Int(Int32(bitPattern: one.bitPattern)) - Int(Int32(bitPattern: other.bitPattern)))
    }

    /// Compares margins with `XGBoosterPredictFromDMatrix` and predictions with the runtime over the library.
    private static func compareXGBoost(_ model: RandomXGBoostModel, seed: UInt64, count: Int = 101) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = model.bytes(&random)
        let rows = RandomTree.rows(count, &random)
        let own = try TreeEnsemble(bytes)
        let matrix = try XGBoostMatrix(rows, rowCount: count, featureCount: RandomTree.features)
        let booster = try XGBoostBooster(model: bytes)
        let expected = try booster.predict(matrix, .margin)
        let margins = try own.margins(rows, count: count)
        try #require(expected.count == margins.count && own.marginWidth == model.width)
        #expect(zip(margins, expected).allSatisfy { Float($0) == $1 }, "margins of \(model)")
        let predictions = try own.predict(rows, count: count)
        let theirs = try booster.predict(matrix)
        try #require(predictions.count == theirs.count)
        #expect(zip(predictions, theirs).allSatisfy { Self.distance($0, $1) <= 1 }, "predictions of \(model)")
    }

    @Test("XGBoost: every objective, with and without categories", arguments: objectives)
    func xgboostObjectives(_ objective: String) throws {
        for (seed, withSets) in [(1, false), (2, true)] {
            try Self.compareXGBoost(
                RandomXGBoostModel(objective: objective, withSets: withSets),
                seed: UInt64(seed)
            )
        }
    }

    @Test("XGBoost: classes, targets, dart, parallel trees, one base score or many", arguments: [false, true])
    func xgboostShapes(_ isDart: Bool) throws {
        for (seed, objective) in ["multi:softprob", "multi:softmax"].enumerated() {
            let model = RandomXGBoostModel(objective: objective, classes: 4, isDart: isDart, withSets: true)
            try Self.compareXGBoost(model, seed: UInt64(seed))
        }
        let scores: [Float] = [0.1, -2, 3.5]
        for (seed, base) in [[0.25], scores].enumerated() {
            var model = RandomXGBoostModel(targets: 3, isDart: isDart, parallel: 2, baseScore: base)
            try Self.compareXGBoost(model, seed: UInt64(seed))
            model.objective = "reg:quantileerror"
            model.targets = 2
            model.baseScore = [0.5]
            try Self.compareXGBoost(model, seed: UInt64(seed))
        }
        try Self.compareXGBoost(RandomXGBoostModel(isDart: isDart, rounds: 150, depth: 3), seed: 9)
    }

    @Test("XGBoost: any number of trees and rows, so that whole and broken groups of eight are walked")
    func xgboostGroups() throws {
        for rounds in [1, 7, 8, 9, 17] {
            for count in [1, 7, 8, 9, 600] {
                let model = RandomXGBoostModel(withSets: count == 9, rounds: rounds, depth: 1 + rounds % 5)
                try Self.compareXGBoost(model, seed: UInt64(rounds), count: count)
            }
        }
    }

    private static func compareLightGBM(_ model: RandomLightGBMModel, seed: UInt64, count: Int = 101) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = model.bytes(&random)
        var rows = RandomTree.rows(count, &random)
        rows[0] = .infinity
        rows[rows.count - RandomTree.features] = -.infinity
        let (own, library) = (try TreeEnsemble(lightGBM: bytes), try LightGBMRuntime(bytes))
        let (ours, theirs) = (try own.predict(rows, count: count), try library.predict(rows, count: count))
        try #require(ours.count == theirs.count)
        #expect(zip(ours, theirs).allSatisfy { Self.distance($0, $1) <= 1 }, "\(model)")
        guard model.objective == nil else { return }
        // Without an objective both answer the sums, in 64 bits cut to 32.
        #expect(ours == theirs, "\(model)")
        #expect(try own.margins(rows, count: count).map { Float($0) } == theirs, "\(model)")
    }

    @Test(
        "LightGBM: every objective",
        arguments: [
            "regression", "regression sqrt", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma",
            "tweedie", "binary sigmoid:1", "binary sigmoid:0.7", "cross_entropy", "cross_entropy_lambda", "lambdarank",
            "rank_xendcg",
        ]
    )
    func lightGBMObjectives(_ objective: String) throws {
        try Self.compareLightGBM(RandomLightGBMModel(objective: objective, withSets: true), seed: 3)
    }

    @Test("LightGBM: missing values of every type, categories, classes, averages, any number of trees and rows")
    func lightGBMShapes() throws {
        for seed in 0..<12 {
            try Self.compareLightGBM(RandomLightGBMModel(withSets: seed % 2 == 0), seed: UInt64(seed))
        }
        for objective in ["multiclass num_class:3", "multiclassova num_class:3 sigmoid:2", nil] {
            try Self.compareLightGBM(RandomLightGBMModel(objective: objective, classes: 3), seed: 5)
        }
        try Self.compareLightGBM(RandomLightGBMModel(objective: "regression", isAveraged: true), seed: 6)
        try Self.compareLightGBM(RandomLightGBMModel(rounds: 20, depth: 14), seed: 8)
        for (rounds, count) in [(1, 1), (7, 8), (8, 9), (9, 600), (33, 7)] {
            try Self.compareLightGBM(RandomLightGBMModel(rounds: rounds, depth: rounds % 6), seed: 7, count: count)
        }
    }
}
