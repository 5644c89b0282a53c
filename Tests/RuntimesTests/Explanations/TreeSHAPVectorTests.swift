import Core
import Runtimes
import Testing

@Suite("SHAP values of trees, against the libraries' numbers")
struct TreeSHAPVectorTests {
    private static let ids = [
        "xgboost/binary", "xgboost/regression", "xgboost/multiclass", "lightgbm/binary", "lightgbm/regression",
        "lightgbm/multiclass",
    ]

    private static func flat(_ value: JSONValue?) -> [Double] {
        guard let value else { return [] }
        if let items = value.arrayValue { return items.flatMap { flat($0) } }
        return [value.doubleValue ?? .nan]
    }

    private static func model(_ vector: JSONValue) throws -> TreeEnsemble {
        if let text = vector["model_text"]?.stringValue { return try TreeEnsemble(lightGBM: Array(text.utf8)) }
        return try TreeEnsemble(try #require(vector["model_json"]).serialized())
    }

    private static func vector(_ id: String) throws -> JSONValue {
        let cases = try GoldenFiles.json("shap-trees.json")["cases"]?.arrayValue ?? []
        return try #require(cases.first { $0["id"]?.stringValue == id })
    }

    @Test("values are the libraries' within 1e-5 and add up to the margin", arguments: ids)
    func values(_ id: String) throws {
        let vector = try Self.vector(id)
        let model = try Self.model(vector)
        let count = vector["rows"]?.arrayValue?.count ?? 0
        let rows = Self.flat(vector["rows"]).map { Float($0) }
        let theirs = Self.flat(vector["contribs"])
        let ours = try model.contributions(rows, count: count)
        try #require(count == 8 && ours.count == theirs.count)
        for (one, other) in zip(ours, theirs) { #expect(abs(Double(one) - other) <= 1e-5 * max(1, abs(other))) }
    }

    @Test("interactions of XGBoost are the library's within 1e-5", arguments: ids.prefix(3))
    func interactions(_ id: String) throws {
        let vector = try Self.vector(id)
        let model = try Self.model(vector)
        let rows = Self.flat(vector["rows"]).map { Float($0) }
        let ours = try model.interactions(Array(rows.prefix(model.featureCount)), count: 1)
        let theirs = Self.flat(vector["interactions_row0"])
        try #require(ours.count == theirs.count)
        for (one, other) in zip(ours, theirs) { #expect(abs(Double(one) - other) <= 1e-5 * max(1, abs(other))) }
    }

    @Test("the rows of interactions add up to the values, in shallow and deep trees, few rows and many")
    func sums() throws {
        var random = SeededGenerator(seed: 8)
        let models = [
            try TreeEnsemble(RandomXGBoostModel(objective: "binary:logistic", rounds: 3, depth: 6).bytes(&random)),
            try TreeEnsemble(
                RandomXGBoostModel(objective: "multi:softprob", classes: 3, withSets: true, rounds: 2).bytes(&random)
            ),
            try TreeEnsemble(
                lightGBM: RandomLightGBMModel(objective: "regression", rounds: 2, depth: 10).bytes(&random)
            ),
            try TreeEnsemble(RandomXGBoostModel(targets: 2, depth: 2, baseScore: [1, -1]).bytes(&random)),
        ]
        for model in models {
            for count in [1, 65] {
                let rows = RandomTree.rows(count, &random)
                let (values, pairs) = (
                    try model.contributions(rows, count: count), try model.interactions(rows, count: count)
                )
                let side = model.featureCount + 1
                try #require(pairs.count == values.count * side)
                for place in values.indices {
                    let sum = pairs[place * side..<(place + 1) * side].reduce(0.0) { $0 + Double($1) }
                    #expect(abs(sum - Double(values[place])) < 1e-4 * max(1, abs(sum)))
                }
                // A row means the same alone.
                let last = try model.contributions(Array(rows.suffix(side - 1)), count: 1)
                #expect(last == Array(values.suffix(last.count)))
            }
        }
    }

    @Test("interactions are refused past the limits of features and numbers")
    func limits() throws {
        var random = SeededGenerator(seed: 8)
        let model = try TreeEnsemble(RandomXGBoostModel(rounds: 1).bytes(&random))
        let side = (model.featureCount + 1) * (model.featureCount + 1)
        let most = RuntimesLimits.interactionNumbers / side
        let error = try #require(throws: MartletError.self) {
            try model.interactions([Float](repeating: 0, count: (most + 1) * model.featureCount), count: most + 1)
        }
        #expect(error.code == .invalidArgument && error.message.contains("fewer rows"))
        let names = (0...RuntimesLimits.interactionFeatures).map { "f\($0)" }.joined(separator: " ")
        let wide = """
            tree
            version=v4
            num_class=1
            num_tree_per_iteration=1
            max_feature_idx=\(RuntimesLimits.interactionFeatures)
            objective=regression
            feature_names=\(names)

            Tree=0
            num_leaves=2
            num_cat=0
            split_feature=0
            threshold=0.5
            decision_type=2
            left_child=-1
            right_child=-2
            leaf_value=1 2
            leaf_count=1 1
            internal_count=2
            is_linear=0
            shrinkage=1

            end of trees

            """
        let refused = try #require(throws: MartletError.self) {
            try TreeEnsemble(lightGBM: Array(wide.utf8))
                .interactions([Float](repeating: 0, count: RuntimesLimits.interactionFeatures + 1), count: 1)
        }
        #expect(refused.code == .invalidArgument && refused.message.contains("features"))
    }
}
