import Core
import Runtimes
import Testing

@Suite("Exact SHAP values of trees")
struct TreeContributionsTests {
    /// Compares with what the library says, and the sums with the margins.
    private static func compare(
        _ own: TreeEnsemble,
        _ theirs: [Float],
        _ rows: [Float],
        _ count: Int,
        sumsTo margins: [Double]
    ) throws {
        let ours = try own.contributions(rows, count: count)
        let stride = own.featureCount + 1
        try #require(ours.count == theirs.count && ours.count == count * own.marginWidth * stride)
        for (one, other) in zip(ours, theirs) { #expect(abs(one - other) <= 1e-5 * max(1, abs(other))) }
        for (group, margin) in margins.enumerated() {
            let sum = ours[group * stride..<(group + 1) * stride].reduce(0.0) { $0 + Double($1) }
            #expect(abs(sum - margin) <= 1e-5 * max(1, abs(margin)))
        }
    }

    @Test("XGBoost: equal to the library's, and they add up to the margin", arguments: 0..<6)
    func xgboost(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let models = [
            RandomXGBoostModel(objective: "binary:logistic"),
            RandomXGBoostModel(withSets: true, depth: 9),
            RandomXGBoostModel(objective: "multi:softprob", classes: 3, withSets: true),
            RandomXGBoostModel(objective: "multi:softmax", classes: 3, depth: 3),
            RandomXGBoostModel(isDart: true, parallel: 3),
            RandomXGBoostModel(targets: 2, depth: 1, baseScore: [1, -1]),
        ]
        let bytes = models[seed].bytes(&random)
        let rows = RandomTree.rows(20, &random)
        let (own, library) = (try TreeEnsemble(bytes), try XGBoostRuntime(bytes))
        #expect(library.marginWidth == own.marginWidth)
        let theirs = try library.contributions(rows, count: 20)
        try Self.compare(own, theirs, rows, 20, sumsTo: own.margins(rows, count: 20))
    }

    @Test("LightGBM: equal to the library's, and they add up to the margin", arguments: 0..<4)
    func lightGBM(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let models = [
            RandomLightGBMModel(objective: "binary sigmoid:1"),
            RandomLightGBMModel(objective: "regression", depth: 10, withSets: true),
            RandomLightGBMModel(objective: "multiclass num_class:3", classes: 3, withSets: true),
            RandomLightGBMModel(rounds: 1, depth: 0),
        ]
        let bytes = models[seed].bytes(&random)
        let rows = RandomTree.rows(20, &random)
        let own = try TreeEnsemble(lightGBM: bytes)
        let theirs = try LightGBMRuntime(bytes).contributions(rows, count: 20)
        try Self.compare(own, theirs, rows, 20, sumsTo: own.margins(rows, count: 20))
    }

    @Test("a forest's average is explained, not its sum")
    func averaged() throws {
        var random = SeededGenerator(seed: 4)
        let bytes = RandomLightGBMModel(objective: "regression", isAveraged: true).bytes(&random)
        let own = try TreeEnsemble(lightGBM: bytes)
        let rows = RandomTree.rows(5, &random)
        let values = try own.contributions(rows, count: 5)
        let predictions = try own.predict(rows, count: 5)
        for row in 0..<5 {
            let sum = values[row * 8..<(row + 1) * 8].reduce(0.0) { $0 + Double($1) }
            #expect(abs(sum - Double(predictions[row])) < 1e-5)
        }
    }

    @Test("refuses rows of the wrong size and models without training weights, naming the remedy")
    func refuses() throws {
        var random = SeededGenerator(seed: 1)
        let bytes = RandomXGBoostModel(rounds: 2).bytes(&random)
        let own = try TreeEnsemble(bytes)
        for (rows, count) in [(6, 1), (7, 2), (7, -1), (0, Int.max)] {
            let error = try #require(throws: MartletError.self) {
                try own.contributions([Float](repeating: 0, count: rows), count: count)
            }
            #expect(error.code == .invalidArgument)
        }
        let text = String(decoding: bytes, as: UTF8.self).replacing("sum_hessian", with: "sum_nothing")
        let bare = try TreeEnsemble(Array(text.utf8))
        let error = try #require(throws: MartletError.self) {
            try bare.contributions([Float](repeating: 0, count: 7), count: 1)
        }
        #expect(error.code == .unimplemented && error.message.contains("background set"))
    }

    @Test("trees up to the limit of levels are explained, deeper ones are not")
    func deepTrees() throws {
        for (extra, isExplained) in [(0, true), (1, false)] {
            let depth = RuntimesLimits.explanationDepth + extra
            let own = try TreeEnsemble(lightGBM: Self.chain(depth))
            if isExplained {
                let values = try own.contributions([0.5], count: 1)
                let margin = try own.margins([0.5], count: 1)[0]
                #expect(abs(Double(values[0] + values[1]) - margin) < 1e-5)
            } else {
                let error = try #require(throws: MartletError.self) { try own.contributions([0.5], count: 1) }
                #expect(error.code == .unimplemented)
            }
        }
    }

    /// A tree of one feature whose right child is always a leaf.
    private static func chain(_ depth: Int) -> [UInt8] {
        let list = { (value: (Int) -> String) in (0..<depth).map(value).joined(separator: " ") }
        let leaves = (0...depth).map { "\(Double($0) / 1000)" }.joined(separator: " ")
        let ones = (0...depth).map { _ in "1" }.joined(separator: " ")
        return Array(
            """
            tree
            version=v4
            num_class=1
            num_tree_per_iteration=1
            max_feature_idx=0
            objective=regression
            feature_names=x

            Tree=0
            num_leaves=\(depth + 1)
            num_cat=0
            split_feature=\(list { _ in "0" })
            threshold=\(list { "\(Double(depth - $0) / Double(depth))" })
            decision_type=\(list { _ in "2" })
            left_child=\(list { $0 + 1 < depth ? "\($0 + 1)" : "-1" })
            right_child=\(list { "\(-$0 - 2)" })
            leaf_value=\(leaves)
            leaf_count=\(ones)
            internal_count=\(list { "\(depth + 1 - $0)" })
            is_linear=0
            shrinkage=1

            end of trees

            """.utf8
        )
    }
}
