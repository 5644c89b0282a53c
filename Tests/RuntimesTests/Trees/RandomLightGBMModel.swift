import Core

/// A random LightGBM model file, as the library writes it.
struct RandomLightGBMModel {
    var objective: String?
    var classes = 1
    var rounds = 12
    var depth = 7
    var withSets = false
    var isAveraged = false

    /// The file.
    func bytes(_ random: inout SeededGenerator) -> [UInt8] {
        let names = (0..<RandomTree.features).map { "f\($0)" }.joined(separator: " ")
        var text = """
            tree
            version=v4
            num_class=\(classes)
            num_tree_per_iteration=\(classes)
            label_index=0
            max_feature_idx=\(RandomTree.features - 1)
            """
        if let objective { text += "\nobjective=\(objective)" }
        if isAveraged { text += "\naverage_output" }
        text += "\nfeature_names=\(names)\nfeature_infos=\(names)\n\n"
        for position in 0..<rounds * classes {
            text += Self.text(RandomTree(&random, depth: depth, withSets: withSets), position, &random)
        }
        return Array((text + "end of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n").utf8)
    }

    /// A tree in LightGBM's numbering: splits from 0, leaves as complements from -1.
    private static func text(_ tree: RandomTree, _ position: Int, _ random: inout SeededGenerator) -> String {
        var numbers: [Int] = []
        var (splits, leaves): ([RandomTree.Node], [RandomTree.Node]) = ([], [])
        for node in tree.nodes {
            if node.left < 0 {
                leaves.append(node)
                numbers.append(-leaves.count)
            } else {
                numbers.append(splits.count)
                splits.append(node)
            }
        }
        var (boundaries, words, thresholds, decisions): ([Int], [UInt32], [String], [Int]) = ([0], [], [], [])
        for node in splits {
            let missing = random.index(below: 3) << 2
            guard let set = node.categories else {
                // More digits than a 32-bit float has, as in real files.
                let nudge = random.uniform() < 0.5 ? 1 : 1 + random.normal() * 1e-9
                thresholds.append("\(Double(node.threshold) * nudge)")
                decisions.append(missing | (node.defaultLeft ? 2 : 0))
                continue
            }
            thresholds.append("\(boundaries.count - 1)")
            decisions.append(missing | 1)
            var bits = [UInt32](repeating: 0, count: (set.max() ?? 0) / 32 + 1)
            for member in set { bits[member / 32] |= 1 << UInt32(member % 32) }
            words += bits
            boundaries.append(words.count)
        }
        let join = { (values: [String]) in values.joined(separator: " ") }
        var text = """
            Tree=\(position)
            num_leaves=\(leaves.count)
            num_cat=\(boundaries.count - 1)
            split_feature=\(join(splits.map { "\($0.feature)" }))
            split_gain=\(join(splits.map { _ in "1" }))
            threshold=\(join(thresholds))
            decision_type=\(join(decisions.map { "\($0)" }))
            left_child=\(join(splits.map { "\(numbers[$0.left])" }))
            right_child=\(join(splits.map { "\(numbers[$0.right])" }))
            leaf_value=\(join(leaves.map { "\(Double($0.leaf) * 1.000000000123)" }))
            leaf_weight=\(join(leaves.map { "\($0.cover)" }))
            leaf_count=\(join(leaves.map { "\(Int($0.cover))" }))
            internal_value=\(join(splits.map { _ in "0" }))
            internal_weight=\(join(splits.map { "\($0.cover)" }))
            internal_count=\(join(splits.map { "\(Int($0.cover))" }))

            """
        if boundaries.count > 1 {
            text += "cat_boundaries=\(join(boundaries.map { "\($0)" }))\n"
            text += "cat_threshold=\(join(words.map { "\($0)" }))\n"
        }
        return text + "is_linear=0\nshrinkage=1\n\n\n"
    }
}
