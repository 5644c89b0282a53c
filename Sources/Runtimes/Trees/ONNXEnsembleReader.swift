import Core

/// Turns an ONNX tree ensemble into checked trees, with the sums and quirks of ONNX Runtime.
struct ONNXEnsembleReader {
    private let operation: ONNXOperation
    private let graph: ONNXEnsembleGraph
    private var drafts: [TreeDraft] = []
    /// Where each node of the file stands: its tree and its place there.
    private var places: [NodeName: (tree: Int, node: Int)] = [:]

    private struct NodeName: Hashable {
        let tree: Int64
        let node: Int64
    }

    /// What a leaf adds to an output.
    private struct Weight {
        let tree: Int
        let leaf: Int
        let output: Int
        let value: Float
    }

    /// How the ensemble's sums become the result.
    private struct Plan {
        var width: Int
        var link: TreeLink
        /// The only output that counts; nil for all.
        var only: Int?
    }

    /// Reads a model; nil when ONNX Runtime has to run it.
    ///
    /// - Throws: `dataLoss` for a damaged model.
    static func load(_ bytes: [UInt8]) throws -> LoadedTrees? {
        try bytes.withUnsafeBufferPointer { bytes in
            guard let graph = try ONNXEnsembleGraph(bytes) else { return nil }
            var reader = ONNXEnsembleReader(graph)
            return try reader.load()
        }
    }

    private init(_ graph: ONNXEnsembleGraph) {
        self.graph = graph
        operation = graph.ensemble
    }

    private var isClassifier: Bool { operation.type == "TreeEnsembleClassifier" }

    private mutating func load() throws -> LoadedTrees? {
        // Double thresholds come as tensors; so does every other thing that this evaluator does not know.
        guard operation.others.isEmpty else { return nil }
        let aggregate = operation.texts["aggregate_function"]?.first ?? "SUM"
        guard aggregate == "SUM" || aggregate == "AVERAGE" else { return nil }
        guard try readNodes() else { return nil }
        let weights = try readWeights()
        guard let plan = try plan(weights) else { return nil }
        let base = operation.floats["base_values"] ?? []
        guard base.isEmpty || base.count == plan.width, base.allSatisfy(\.isFinite) else { return nil }
        let hasVectors = try place(weights.filter { plan.only == nil || $0.output == plan.only }, plan)
        guard let hasVectors else { return nil }
        var builder = TreeForestBuilder(
            maker: "ONNX",
            featureCount: graph.featureCount,
            width: plan.width,
            isDouble: false,
            hasVectors: hasVectors
        )
        for draft in drafts { try builder.add(draft) }
        return LoadedTrees(
            featureCount: graph.featureCount,
            objective: "",
            featureNames: [],
            link: plan.link,
            start: [Double](repeating: 0, count: plan.width),
            divisor: aggregate == "AVERAGE" ? Double(max(1, drafts.count)) : 1,
            offsets: base,
            forest: builder.finish(hasCovers: false, scaling: graph.scaling)
        )
    }

    /// Reads the splits; false when there is a kind that only ONNX Runtime knows.
    private mutating func readNodes() throws -> Bool {
        let integers = operation.integers
        let trees = integers["nodes_treeids"] ?? []
        let nodes = integers["nodes_nodeids"] ?? []
        let modes = operation.texts["nodes_modes"] ?? []
        let features = integers["nodes_featureids"] ?? []
        let truths = integers["nodes_truenodeids"] ?? []
        let falsehoods = integers["nodes_falsenodeids"] ?? []
        let values = operation.floats["nodes_values"] ?? []
        let tracks = integers["nodes_missing_value_tracks_true"] ?? []
        let counts = [nodes.count, modes.count, features.count, truths.count, falsehoods.count, values.count]
        guard counts.allSatisfy({ $0 == trees.count }), tracks.isEmpty || tracks.count == trees.count else {
            throw damaged("its columns differ in length")
        }
        var known: [Int64: Int] = [:]
        for entry in trees.indices {
            let tree = known[trees[entry]] ?? drafts.count
            if tree == drafts.count {
                guard drafts.count < RuntimesLimits.trees else { throw damaged("it has too many trees") }
                drafts.append(TreeDraft())
                known[trees[entry]] = tree
            }
            let name = NodeName(tree: trees[entry], node: nodes[entry])
            guard places.updateValue((tree, drafts[tree].nodes.count), forKey: name) == nil else {
                throw damaged("its node \(nodes[entry]) appears twice in tree \(trees[entry])")
            }
            drafts[tree].nodes.append(TreeDraft.Node())
        }
        for entry in trees.indices where modes[entry] != "LEAF" {
            guard let place = places[NodeName(tree: trees[entry], node: nodes[entry])],
                let yes = places[NodeName(tree: trees[entry], node: truths[entry])]?.node,
                let no = places[NodeName(tree: trees[entry], node: falsehoods[entry])]?.node,
                let feature = Int(exactly: features[entry]), let yes = Int32(exactly: yes), let no = Int32(exactly: no)
            else { throw damaged("a child of its node \(nodes[entry]) in tree \(trees[entry]) is missing") }
            let tracksTruth = tracks.isEmpty ? false : tracks[entry] != 0
            guard let split = try split(modes[entry], values[entry], yes, no, tracksTruth) else { return false }
            drafts[place.tree].nodes[place.node] = split
            drafts[place.tree].nodes[place.node].feature = feature
        }
        return true
    }

    /// A split as "less goes left"; nil for a comparison of another kind.
    private func split(
        _ mode: String,
        _ threshold: Float,
        _ yes: Int32,
        _ no: Int32,
        _ tracksTruth: Bool
    ) throws -> TreeDraft.Node? {
        guard !threshold.isNaN else { throw damaged("a threshold is no number") }
        var node: TreeDraft.Node
        switch mode {
        case "BRANCH_LEQ", "BRANCH_LT":
            node = TreeDraft.Node(left: yes, right: no)
            node.missingGoesLeft = tracksTruth
        case "BRANCH_GT", "BRANCH_GTE":
            node = TreeDraft.Node(left: no, right: yes)
            node.missingGoesLeft = !tracksTruth
        default: return nil
        }
        let includes = mode == "BRANCH_LEQ" || mode == "BRANCH_GT"
        node.threshold = includes ? TreeKey.atMost(threshold) : TreeKey.less(than: threshold)
        return node
    }

    private func readWeights() throws -> [Weight] {
        let kind = isClassifier ? "class" : "target"
        let trees = operation.integers["\(kind)_treeids"] ?? []
        let nodes = operation.integers["\(kind)_nodeids"] ?? []
        let ids = operation.integers["\(kind)_ids"] ?? []
        let values = operation.floats["\(kind)_weights"] ?? []
        guard trees.count == nodes.count, trees.count == ids.count, trees.count == values.count else {
            throw damaged("its leaves differ in length")
        }
        return try trees.indices.map { entry in
            guard let place = places[NodeName(tree: trees[entry], node: nodes[entry])],
                drafts[place.tree].nodes[place.node].isLeaf, let output = Int(exactly: ids[entry]), output >= 0,
                output < RuntimesLimits.outputs, values[entry].isFinite
            else { throw damaged("the leaf \(nodes[entry]) of tree \(trees[entry]) is none, or its output is wrong") }
            return Weight(tree: place.tree, leaf: place.node, output: output, value: values[entry])
        }
    }

    /// What ONNX Runtime makes of the sums; nil where its rules are not followed here.
    private func plan(_ weights: [Weight]) throws -> Plan? {
        let transform = operation.texts["post_transform"]?.first ?? "NONE"
        guard isClassifier else {
            let targets = operation.integers["n_targets"]?.first ?? 1
            guard let width = Int(exactly: targets), width > 0, width <= RuntimesLimits.outputs else {
                throw damaged("it has \(targets) targets")
            }
            return transform == "NONE" ? Plan(width: width, link: .identity) : nil
        }
        let labels =
            (operation.integers["classlabels_int64s"]?.count ?? 0)
            + (operation.texts["classlabels_strings"]?.count ?? 0)
        let link: TreeLink
        switch transform {
        case "NONE": link = .identity
        case "LOGISTIC": link = .onnxLogistic
        case "SOFTMAX": link = .onnxSoftmax
        case "SOFTMAX_ZERO": link = .onnxSoftmaxZero
        default: return nil
        }
        if labels > 2 { return Plan(width: labels, link: link) }
        let isElementwise = link == .identity || link == .onnxLogistic
        guard labels == 2, isElementwise, (operation.floats["base_values"]?.count ?? 0) < 2 else { return nil }
        let outputs = Set(weights.map(\.output))
        // One score for two classes: it is that of the second one. All weights positive: it is a probability already.
        if outputs.count == 1, outputs.first == 0 {
            let isProbability = weights.allSatisfy { $0.value >= 0 }
            return Plan(width: 1, link: isProbability ? .identity : link, only: 0)
        }
        guard outputs == [0, 1], operation.floats["base_values"] == nil else { return nil }
        return Plan(width: 1, link: link, only: 1)
    }

    /// Gives the leaves their values; the result says whether leaves hold several, nil when that cannot be kept.
    private mutating func place(_ weights: [Weight], _ plan: Plan) throws -> Bool? {
        let width = plan.width
        guard weights.allSatisfy({ plan.only != nil || $0.output < width }) else {
            throw damaged("a leaf belongs to no output")
        }
        var outputs = [Int?](repeating: nil, count: drafts.count)
        var counts = drafts.map { [Int](repeating: 0, count: $0.nodes.count) }
        var isScalar = true
        for weight in weights {
            let output = plan.only == nil ? weight.output : 0
            if let known = outputs[weight.tree], known != output { isScalar = false }
            outputs[weight.tree] = output
            counts[weight.tree][weight.leaf] += 1
            if counts[weight.tree][weight.leaf] > 1 { isScalar = false }
        }
        for tree in drafts.indices {
            for leaf in drafts[tree].nodes.indices where drafts[tree].nodes[leaf].isLeaf {
                // A leaf without a score changes how ONNX Runtime reads the scores of two classes.
                if plan.only != nil, counts[tree][leaf] != 1 { return nil }
                guard !isScalar else { continue }
                drafts[tree].nodes[leaf].value = Double(drafts[tree].vectors.count)
                guard drafts[tree].vectors.count < RuntimesLimits.modelBytes / 8 - width else {
                    throw damaged("its leaves hold too many values")
                }
                drafts[tree].vectors.append(contentsOf: repeatElement(0, count: width))
            }
        }
        for weight in weights {
            let output = plan.only == nil ? weight.output : 0
            guard !isScalar else {
                drafts[weight.tree].nodes[weight.leaf].value = Double(weight.value)
                drafts[weight.tree].output = output
                continue
            }
            let start = Int(drafts[weight.tree].nodes[weight.leaf].value)
            drafts[weight.tree].vectors[start + output] += Double(weight.value)
        }
        return !isScalar
    }

    private func damaged(_ what: String) -> MartletError {
        MartletError(.dataLoss, "The ONNX model is damaged: \(what).")
    }
}
