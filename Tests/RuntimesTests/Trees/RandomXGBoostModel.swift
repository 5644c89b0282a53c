import Core

/// A random XGBoost model file (JSON), as the library writes it.
struct RandomXGBoostModel {
    var objective = "reg:squarederror"
    var classes = 0
    var targets = 1
    var isDart = false
    var withSets = false
    var rounds = 12
    var parallel = 1
    var depth = 6
    var baseScore: [Float] = [0.37]

    private static let objectiveParameters = #"""
        "reg_loss_param":{"scale_pos_weight":"1"},"poisson_regression_param":{"max_delta_step":"0.7"},
        "tweedie_regression_param":{"tweedie_variance_power":"1.5"},"pseudo_huber_param":{"huber_slope":"1"},
        "aft_loss_param":{"aft_loss_distribution":"normal","aft_loss_distribution_scale":"1"},
        "quantile_loss_param":{"quantile_alpha":"[0.2,0.8]"},
        "lambdarank_param":{"lambdarank_num_pair_per_sample":"4","lambdarank_pair_method":"topk"}
        """#

    /// How many margins a row has.
    var width: Int { max(1, classes, targets) }

    /// The file.
    func bytes(_ random: inout SeededGenerator) -> [UInt8] {
        let count = rounds * parallel * width
        let trees = (0..<count).map { _ in RandomTree(&random, depth: depth, withSets: withSets) }
        let info = (0..<count).map { "\($0 / parallel % width)" }.joined(separator: ",")
        let ends = (0...rounds).map { "\($0 * parallel * width)" }.joined(separator: ",")
        let texts = trees.enumerated().map { Self.text($1, $0) }.joined(separator: ",")
        let model = """
            {"gbtree_model_param":{"num_parallel_tree":"\(parallel)","num_trees":"\(count)"},
            "iteration_indptr":[\(ends)],"tree_info":[\(info)],"trees":[\(texts)]}
            """
        let weights = (0..<count).map { _ in "\(Float(random.uniform()))" }.joined(separator: ",")
        let booster =
            isDart
            ? #"{"name":"dart","gbtree":{"name":"gbtree","model":\#(model)},"weight_drop":[\#(weights)]}"#
            : #"{"name":"gbtree","model":\#(model)}"#
        let scores = baseScore.map { "\($0)" }.joined(separator: ",")
        let classParameters = #""softmax_multiclass_param":{"num_class":"\#(classes)"}"#
        return Array(
            """
            {"learner":{"attributes":{},"feature_names":[],"feature_types":[],"gradient_booster":\(booster),
            "learner_model_param":{"base_score":"[\(scores)]","boost_from_average":"1","num_class":"\(classes)",
            "num_feature":"\(RandomTree.features)","num_target":"\(targets)"},
            "objective":{"name":"\(objective)",\(Self.objectiveParameters),\(classParameters)}},"version":[3,2,0]}
            """.utf8
        )
    }

    private static func list(_ tree: RandomTree, _ value: (RandomTree.Node) -> String) -> String {
        "[" + tree.nodes.map(value).joined(separator: ",") + "]"
    }

    private static func text(_ tree: RandomTree, _ id: Int) -> String {
        var (categories, nodes, segments, sizes): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
        for (index, node) in tree.nodes.enumerated() {
            guard let set = node.categories, node.left >= 0 else { continue }
            nodes.append(index)
            segments.append(categories.count)
            sizes.append(set.count)
            categories += set
        }
        let zeros = list(tree) { _ in "0.0" }
        return """
            {"base_weights":\(zeros),"categories":\(categories),"categories_nodes":\(nodes),
            "categories_segments":\(segments),"categories_sizes":\(sizes),
            "default_left":\(list(tree) { $0.defaultLeft ? "1" : "0" }),"id":\(id),
            "left_children":\(list(tree) { "\($0.left)" }),"loss_changes":\(zeros),
            "parents":\(list(tree) { "\($0.parent < 0 ? 2_147_483_647 : $0.parent)" }),
            "right_children":\(list(tree) { "\($0.right)" }),
            "split_conditions":\(list(tree) { "\($0.left < 0 ? $0.leaf : $0.threshold)" }),
            "split_indices":\(list(tree) { "\($0.feature)" }),
            "split_type":\(list(tree) { $0.left >= 0 && $0.categories != nil ? "1" : "0" }),
            "sum_hessian":\(list(tree) { "\($0.cover)" }),
            "tree_param":{"num_deleted":"0","num_feature":"\(RandomTree.features)","num_nodes":"\(tree.nodes.count)",
            "size_leaf_vector":"1"}}
            """
    }
}
