import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A checked model, ready to walk.
struct LoadedTrees {
    var featureCount: Int
    var objective: String
    var featureNames: [String]
    var link: TreeLink
    var baseMargins: [Float]
    var nodes: [TreeNode]
    var roots: [TreeRoot]
}

/// Turns an XGBoost model document into checked flat arrays (XGBoost "Introduction to Model IO", JSON schema).
struct TreeEnsembleLoader {
    private let document: ModelDocument
    private let stopsAtBestIteration: Bool
    private var nodes: [TreeNode] = []
    private var roots: [TreeRoot] = []
    /// Why only the library runs this model, when that is so.
    private var unsupported: MartletError?

    init(_ document: ModelDocument, stopsAtBestIteration: Bool) {
        self.document = document
        self.stopsAtBestIteration = stopsAtBestIteration
    }

    /// Checks a model that is meant for the C library, which trusts its input more than it should.
    ///
    /// - Throws: `dataLoss` for a damaged model.
    static func check(_ bytes: [UInt8]) throws {
        var loader = TreeEnsembleLoader(try ModelDocument(bytes), stopsAtBestIteration: false)
        do {
            _ = try loader.load()
        } catch let error as MartletError where error.code == .unimplemented {
            // Sound, but of a kind that only the library runs.
        }
    }

    /// Checks the whole model before it says that a kind is not supported, so that damage is always found.
    mutating func load() throws -> LoadedTrees {
        let learner = try object(document.members?["learner"], "learner")
        let objective = try object(learner["objective"], "learner.objective")["name"]?.text ?? ""
        let parameters = try object(learner["learner_model_param"], "learner_model_param")
        let featureCount = try whole(parameters["num_feature"], "num_feature", 0...RuntimesLimits.features)
        let classes = try whole(parameters["num_class"] ?? .string("0"), "num_class", 0...RuntimesLimits.outputs)
        let targets = try whole(parameters["num_target"] ?? .string("1"), "num_target", 0...RuntimesLimits.outputs)
        if targets > 1 { refuse("\(targets) targets") }
        let link = link(of: objective)
        let outputs = link == .softmax ? classes : max(1, targets)
        guard outputs >= 1, link == nil || link == .softmax || classes <= 1 else {
            throw damaged("num_class \(classes) does not fit the objective '\(objective)'")
        }
        let trees = try model(of: try object(learner["gradient_booster"], "learner.gradient_booster"))
        if let trees {
            let limit = try treeLimit(learner, trees)
            let known = link == nil ? max(outputs, classes) : outputs
            try loadTrees(trees, featureCount: featureCount, outputs: known, limit: limit)
        }
        let names = try names(learner["feature_names"], featureCount: featureCount)
        if let unsupported { throw unsupported }
        return LoadedTrees(
            featureCount: featureCount,
            objective: objective,
            featureNames: names,
            link: link ?? .identity,
            baseMargins: try baseMargins(parameters["base_score"], link: link, outputs: outputs),
            nodes: nodes,
            roots: roots
        )
    }

    /// The trees of a booster; nil for a linear one.
    private mutating func model(of booster: [String: ModelDocument]) throws -> [String: ModelDocument]? {
        let kind = booster["name"]?.text ?? ""
        guard kind != "gbtree" else { return try object(booster["model"], "gradient_booster.model") }
        refuse("the booster '\(kind)'")
        guard kind == "dart" else {
            guard kind == "gblinear" else { throw damaged("its booster is '\(kind)'") }
            return nil
        }
        let inner = try object(booster["gbtree"], "gradient_booster.gbtree")
        return try object(inner["model"], "gradient_booster.gbtree.model")
    }

    private mutating func link(of objective: String) -> TreeLink? {
        switch objective {
        case "binary:logistic": return .logistic
        case "reg:squarederror": return .identity
        case "multi:softprob": return .softmax
        default:
            refuse("the objective '\(objective)'")
            return nil
        }
    }

    /// `base_score` is `"5E-1"` up to XGBoost 3.0 and `"[5E-1]"`, one number an output, since.
    private func baseMargins(_ document: ModelDocument?, link: TreeLink?, outputs: Int) throws -> [Float] {
        let text = document?.text ?? ""
        let list = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        let scores = list.split(separator: ",").map { Float($0.filter { $0 != " " }) }
        guard scores.count == 1 || scores.count == outputs else {
            throw damaged("base_score '\(text)' does not fit \(outputs) outputs")
        }
        let margins = try scores.map { score in
            guard let score, score.isFinite else { throw damaged("base_score '\(text)' is not a number") }
            guard link == .logistic else { return score }
            guard score > 0, score < 1 else { throw damaged("base_score \(score) is not a probability") }
            return -logf(1 / score - 1)
        }
        return margins.count == outputs ? margins : Array(repeating: margins[0], count: outputs)
    }

    private func names(_ document: ModelDocument?, featureCount: Int) throws -> [String] {
        let names = document?.elements?.compactMap(\.text) ?? []
        guard names.isEmpty || names.count == featureCount else {
            throw damaged("\(names.count) feature names for \(featureCount) features")
        }
        return names
    }

    /// How many trees count: all, or those up to the best iteration of an early-stopped model.
    private func treeLimit(_ learner: [String: ModelDocument], _ model: [String: ModelDocument]) throws -> Int {
        guard stopsAtBestIteration, let best = learner["attributes"]?.members?["best_iteration"] else { return .max }
        let iteration = try whole(best, "best_iteration", 0...RuntimesLimits.trees)
        guard let ends = model["iteration_indptr"]?.packedNumbers, iteration + 1 < ends.count,
            let limit = Int(exactly: ends[iteration + 1])
        else { return .max }
        return limit
    }

    private mutating func loadTrees(
        _ model: [String: ModelDocument],
        featureCount: Int,
        outputs: Int,
        limit: Int
    ) throws {
        guard let trees = model["trees"]?.elements, let info = model["tree_info"]?.packedNumbers,
            trees.count == info.count
        else { throw damaged("'trees' and 'tree_info' do not match") }
        guard trees.count <= RuntimesLimits.trees else {
            throw damaged("it has \(trees.count) trees, more than \(RuntimesLimits.trees)")
        }
        for (position, tree) in trees.prefix(max(0, limit)).enumerated() {
            guard let output = Int32(exactly: info[position]), output >= 0, output < outputs else {
                throw damaged("tree \(position) belongs to the output \(info[position])")
            }
            let fields = try object(tree, "trees[\(position)]")
            let table = try TreeTable(fields, position: position, featureCount: featureCount)
            if !table.isNumeric { refuse("categorical splits or vector leaves") }
            roots.append(TreeRoot(node: Int32(nodes.count), output: output))
            try flatten(table)
        }
    }

    /// Lays the reachable nodes out with siblings side by side; a node met twice means a cycle or a shared child.
    private mutating func flatten(_ table: TreeTable) throws {
        var isVisited = [Bool](repeating: false, count: table.count)
        var pending: [(source: Int, target: Int)] = [(0, nodes.count)]
        nodes.append(TreeNode(feature: 0, left: -1, value: 0))
        while let (source, target) = pending.popLast() {
            guard !isVisited[source] else {
                throw damaged("tree \(table.position) reaches its node \(source) twice")
            }
            isVisited[source] = true
            guard let children = try table.children(of: source) else {
                nodes[target].value = try table.leaf(source)
                continue
            }
            guard nodes.count < Int(Int32.max) - 2 else { throw damaged("it has more than \(Int32.max) nodes") }
            let left = Int32(nodes.count)
            nodes[target] = try table.split(source, left: left)
            nodes.append(TreeNode(feature: 0, left: -1, value: 0))
            nodes.append(TreeNode(feature: 0, left: -1, value: 0))
            pending.append((children.right, Int(left) + 1))
            pending.append((children.left, Int(left)))
        }
    }

    private func object(_ document: ModelDocument?, _ name: String) throws -> [String: ModelDocument] {
        guard let members = document?.members else { throw damaged("'\(name)' is missing or no object") }
        return members
    }

    private func whole(_ document: ModelDocument?, _ name: String, _ range: ClosedRange<Int>) throws -> Int {
        guard let text = document?.text, let value = Int(text), range.contains(value) else {
            throw damaged("'\(name)' is missing or out of range")
        }
        return value
    }

    private func damaged(_ what: String) -> MartletError {
        MartletError(.dataLoss, "The XGBoost model is damaged: \(what).")
    }

    private mutating func refuse(_ what: String) {
        guard unsupported == nil else { return }
        unsupported = MartletError(
            .unimplemented,
            "The tree walker does not take \(what); the XGBoost library does."
        )
    }
}
