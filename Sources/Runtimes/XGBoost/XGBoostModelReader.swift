import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Turns an XGBoost model document into checked trees (XGBoost "Introduction to Model IO", JSON schema).
struct XGBoostModelReader {
    private let document: ModelDocument
    private let stopsAtBestIteration: Bool
    /// Why only the library runs this model, when that is so.
    private var unsupported: MartletError?

    init(_ document: ModelDocument, stopsAtBestIteration: Bool) {
        self.document = document
        self.stopsAtBestIteration = stopsAtBestIteration
    }

    /// Checks a model that is meant for the C library, which trusts its input more than it should.
    ///
    /// - Returns: how many rounds an early-stopped model is best with; nil for all.
    /// - Throws: `dataLoss` for a damaged model.
    @discardableResult
    static func check(_ bytes: [UInt8]) throws -> Int? {
        var reader = XGBoostModelReader(try ModelDocument(bytes), stopsAtBestIteration: false)
        do {
            _ = try reader.load()
        } catch let error as MartletError where error.code == .unimplemented {
            // Sound, but of a kind that only the library runs.
        }
        return try reader.bestRounds(try reader.object(reader.document.members?["learner"], "learner"))
    }

    /// How many rounds an early-stopped model is best with; nil for one that was not stopped.
    private func bestRounds(_ learner: [String: ModelDocument]) throws -> Int? {
        guard let best = learner["attributes"]?.members?["best_iteration"] else { return nil }
        return try whole(best, "best_iteration", 0...RuntimesLimits.trees) + 1
    }

    /// Checks the whole model before it says that a kind is not supported, so that damage is always found.
    mutating func load() throws -> LoadedTrees {
        let learner = try object(document.members?["learner"], "learner")
        let objective = try object(learner["objective"], "learner.objective")["name"]?.text ?? ""
        let parameters = try object(learner["learner_model_param"], "learner_model_param")
        let featureCount = try whole(parameters["num_feature"], "num_feature", 0...RuntimesLimits.features)
        let classes = try whole(parameters["num_class"] ?? .string("0"), "num_class", 0...RuntimesLimits.outputs)
        let targets = try whole(parameters["num_target"] ?? .string("1"), "num_target", 0...RuntimesLimits.outputs)
        let known = XGBoostObjective(objective)
        if known == nil { refuse("the objective '\(objective)'") }
        let width = max(1, classes, targets)
        guard known?.hasClasses != true || classes >= 1 else {
            throw damaged("num_class \(classes) does not fit the objective '\(objective)'")
        }
        let booster = try booster(of: try object(learner["gradient_booster"], "learner.gradient_booster"))
        var forest: TreeForest?
        if let booster {
            let limit = try treeLimit(learner, booster.model, width: width)
            forest = try self.forest(booster, featureCount: featureCount, width: width, limit: limit)
        }
        let names = try names(learner["feature_names"], featureCount: featureCount)
        let start = try baseMargins(parameters["base_score"], known, width: width)
        if let unsupported { throw unsupported }
        guard let forest, let known else { throw damaged("it has no trees") }
        return LoadedTrees(
            featureCount: featureCount,
            objective: objective,
            featureNames: names,
            link: known.link,
            start: start,
            forest: forest
        )
    }

    private struct Booster {
        let model: [String: ModelDocument]
        /// What each tree's leaves are multiplied by; nil for nothing.
        let weights: [Double]?
    }

    /// The trees of a booster; nil for a linear one.
    private mutating func booster(of booster: [String: ModelDocument]) throws -> Booster? {
        switch booster["name"]?.text ?? "" {
        case "gbtree":
            return Booster(model: try object(booster["model"], "gradient_booster.model"), weights: nil)
        case "dart":
            let inner = try object(booster["gbtree"], "gradient_booster.gbtree")
            guard let weights = booster["weight_drop"]?.packedNumbers else { throw damaged("'weight_drop' is missing") }
            return Booster(model: try object(inner["model"], "gradient_booster.gbtree.model"), weights: weights)
        case "gblinear":
            refuse("the booster 'gblinear'")
            return nil
        case let kind: throw damaged("its booster is '\(kind)'")
        }
    }

    /// `base_score` is `"5E-1"` up to XGBoost 3.0 and `"[5E-1]"`, one number an output, since.
    private func baseMargins(_ document: ModelDocument?, _ objective: XGBoostObjective?, width: Int) throws -> [Double]
    {
        let text = document?.text ?? ""
        let list = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        let scores = list.split(separator: ",").map { Float($0.filter { $0 != " " }) }
        guard scores.count == 1 || scores.count == width else {
            throw damaged("base_score '\(text)' does not fit \(width) outputs")
        }
        let margins = try scores.map { score in
            guard let score, score.isFinite else { throw damaged("base_score '\(text)' is not a number") }
            switch objective?.link {
            case .logistic:
                guard score > 0, score < 1 else { throw damaged("base_score \(score) is not a probability") }
                return Double(-logf(1 / score - 1))
            case .exponential:
                guard score > 0 else { throw damaged("base_score \(score) is not positive") }
                return Double(logf(score))
            default: return Double(score)
            }
        }
        return margins.count == width ? margins : Array(repeating: margins[0], count: width)
    }

    private func names(_ document: ModelDocument?, featureCount: Int) throws -> [String] {
        let names = document?.elements?.compactMap(\.text) ?? []
        guard names.isEmpty || names.count == featureCount else {
            throw damaged("\(names.count) feature names for \(featureCount) features")
        }
        return names
    }

    /// How many trees count: all, or those up to the best iteration of an early-stopped model.
    private func treeLimit(
        _ learner: [String: ModelDocument],
        _ model: [String: ModelDocument],
        width: Int
    ) throws -> Int {
        guard stopsAtBestIteration, let rounds = try bestRounds(learner) else { return .max }
        guard let ends = model["iteration_indptr"]?.packedNumbers else {
            // Before XGBoost 2.0 every round had the same number of trees.
            let parameters = model["gbtree_model_param"]?.members ?? [:]
            let range = 1...RuntimesLimits.trees
            let parallel = try whole(parameters["num_parallel_tree"] ?? .string("1"), "num_parallel_tree", range)
            return rounds * parallel * width
        }
        guard rounds < ends.count, let limit = Int(exactly: ends[rounds]) else { return .max }
        return limit
    }

    private mutating func forest(
        _ booster: Booster,
        featureCount: Int,
        width: Int,
        limit: Int
    ) throws -> TreeForest {
        let model = booster.model
        guard let trees = model["trees"]?.elements, let info = model["tree_info"]?.packedNumbers,
            trees.count == info.count, booster.weights.map({ $0.count == trees.count }) ?? true
        else { throw damaged("'trees' and 'tree_info' do not match") }
        guard trees.count <= RuntimesLimits.trees else {
            throw damaged("it has \(trees.count) trees, more than \(RuntimesLimits.trees)")
        }
        let leafWidth = try trees.first.map { tree in
            let parameters = tree.members?["tree_param"]?.members ?? [:]
            return try whole(
                parameters["size_leaf_vector"] ?? .string("0"),
                "size_leaf_vector",
                0...RuntimesLimits.outputs
            )
        }
        let hasVectors = (leafWidth ?? 0) > 1
        guard !hasVectors || leafWidth == width else {
            throw damaged("its leaves hold \(leafWidth ?? 0) values for \(width) outputs")
        }
        var builder = TreeForestBuilder(
            maker: "XGBoost",
            featureCount: featureCount,
            width: width,
            isDouble: false,
            hasVectors: hasVectors
        )
        var hasCovers = true
        for (position, tree) in trees.prefix(max(0, limit)).enumerated() {
            guard let output = Int(exactly: info[position]) else {
                throw damaged("tree \(position) belongs to the output \(info[position])")
            }
            var table = try XGBoostTreeTable(try object(tree, "trees[\(position)]"), position: position)
            let weight = booster.weights.map { Float($0[position]) }
            try builder.add(try table.draft(output: output, weight: weight, leafWidth: hasVectors ? width : 1))
            hasCovers = hasCovers && table.hasCovers
        }
        return builder.finish(hasCovers: hasCovers)
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
