import Core
import Runtimes
import Testing

@Suite("Sets of categories in trees")
struct CategoryLimitTests {
    /// A LightGBM tree whose one split has a set of so many words.
    private static func lightGBM(words: Int) -> [UInt8] {
        let zeros = repeatElement("0", count: words - 1).joined(separator: " ")
        return Array(
            """
            tree
            num_class=1
            num_tree_per_iteration=1
            max_feature_idx=0
            objective=regression

            Tree=0
            num_leaves=2
            num_cat=1
            split_feature=0
            threshold=0
            decision_type=1
            left_child=-1
            right_child=-2
            leaf_value=1 2
            cat_boundaries=0 \(words)
            cat_threshold=1 \(zeros)

            end of trees

            """.utf8
        )
    }

    @Test("LightGBM: sets up to the limit are taken, one word more is left to the library")
    func lightGBM() throws {
        let limit = RuntimesLimits.categoryWords
        #expect(try TreeEnsemble(lightGBM: Self.lightGBM(words: limit)).predict([0, 1], count: 2) == [1, 2])
        let error = try #require(throws: MartletError.self) {
            try TreeEnsemble(lightGBM: Self.lightGBM(words: limit + 1))
        }
        #expect(error.code == .dataLoss || error.code == .unimplemented)
    }

    /// An XGBoost tree whose only split sends the given categories right.
    private static func xgboost(_ categories: String, sizes: String = "[1]", segments: String = "[0]") -> [UInt8] {
        Array(
            """
            {"learner":{"learner_model_param":{"base_score":"0.0","num_class":"0","num_feature":"1"},
            "objective":{"name":"reg:squarederror"},"gradient_booster":{"name":"gbtree","model":{"tree_info":[0],
            "trees":[{"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[0,0,0],
            "split_conditions":[0.0,1.0,2.0],"default_left":[1,0,0],"split_type":[1,0,0],"categories":\(categories),
            "categories_nodes":[0],"categories_segments":\(segments),"categories_sizes":\(sizes)}]}}}}
            """.utf8
        )
    }

    @Test("XGBoost: a file cannot ask for more memory than its sets may have, or for categories that it does not hold")
    func xgboost() throws {
        #expect(try TreeEnsemble(Self.xgboost("[3]")).predict([3, 2, .nan, -1], count: 4) == [2, 1, 1, 1])
        for (categories, sizes, segments) in [
            ("[16777216]", "[1]", "[0]"), ("[-1]", "[1]", "[0]"), ("[1.5]", "[1]", "[0]"), ("[3]", "[2]", "[0]"),
            ("[3]", "[1]", "[1]"), ("[3]", "[1]", "[-1]"), ("[3]", "[1]", "[]"), ("[3]", "[-1]", "[0]"),
        ] {
            let error = try #require(throws: MartletError.self) {
                try TreeEnsemble(Self.xgboost(categories, sizes: sizes, segments: segments))
            }
            #expect(error.code == .dataLoss, "\(categories) \(sizes) \(segments)")
        }
    }
}
