import Core

/// Turns a LightGBM model file (text, versions 2 to 4) into checked trees.
struct LightGBMModelReader {
    private var width = 1
    private var classes = 1
    private var featureCount: Int?
    private var objective = ""
    private var names: [String] = []
    private var isAveraged = false
    private var treeSizes: Int?
    private var trees: [LightGBMTree] = []
    private var isComplete = false

    private init() {}

    /// Reads a model.
    ///
    /// - Throws: `dataLoss` for a damaged model; `unimplemented` for one that only the C library can run.
    static func load(_ bytes: [UInt8]) throws -> LoadedTrees {
        var reader = LightGBMModelReader()
        try bytes.withUnsafeBufferPointer { try reader.read(LightGBMLines($0)) }
        return try reader.finish()
    }

    /// Checks a model that is meant for the C library, which trusts its input more than it should.
    ///
    /// - Throws: `dataLoss` for a damaged model.
    static func check(_ bytes: [UInt8]) throws {
        do {
            _ = try load(bytes)
        } catch let error as MartletError where error.code == .unimplemented {
            // Sound, but of a kind that only the library runs.
        }
    }

    private mutating func read(_ source: LightGBMLines) throws {
        var lines = source
        guard try lines.next()?.key == "tree" else { throw damaged("it does not begin with 'tree'") }
        while let line = try lines.next() {
            switch line.key {
            case "Tree":
                guard trees.count < RuntimesLimits.trees else {
                    throw damaged("it has more than \(RuntimesLimits.trees) trees")
                }
                trees.append(LightGBMTree(position: trees.count))
            // What follows the trees is for people.
            case "end of trees", "feature importances:", "feature_importances:":
                isComplete = true
                return
            default:
                if trees.isEmpty {
                    try takeHeader(line, lines)
                } else {
                    try trees[trees.count - 1].take(line, lines)
                }
            }
        }
    }

    private mutating func takeHeader(_ line: LightGBMLines.Line, _ lines: LightGBMLines) throws {
        switch line.key {
        case "num_class": classes = try lines.whole(line, in: 1...RuntimesLimits.outputs)
        case "num_tree_per_iteration": width = try lines.whole(line, in: 1...RuntimesLimits.outputs)
        case "max_feature_idx": featureCount = try lines.whole(line, in: 0...RuntimesLimits.features - 1) + 1
        case "objective": objective = try lines.text(line)
        case "feature_names": names = try lines.text(line).split(separator: " ").map(String.init)
        case "tree_sizes": treeSizes = try lines.integers(line).count
        case "average_output": isAveraged = true
        default: break
        }
    }

    private func finish() throws -> LoadedTrees {
        guard let featureCount else { throw damaged("'max_feature_idx' is missing") }
        guard isComplete, treeSizes == nil || treeSizes == trees.count else { throw damaged("trees are missing") }
        guard width == classes, trees.count % width == 0 else {
            throw damaged("\(trees.count) trees, \(width) in a round, do not fit \(classes) classes")
        }
        guard names.isEmpty || names.count == featureCount else {
            throw damaged("\(names.count) feature names for \(featureCount) features")
        }
        var builder = TreeForestBuilder(
            maker: "LightGBM",
            featureCount: featureCount,
            width: width,
            isDouble: true,
            hasVectors: false
        )
        for (position, tree) in trees.enumerated() { try builder.add(try tree.draft(output: position % width)) }
        guard !trees.contains(where: \.isLinear) else { throw unsupported("linear trees") }
        guard let known = LightGBMObjective(objective) else { throw unsupported("the objective '\(objective)'") }
        return LoadedTrees(
            featureCount: featureCount,
            objective: known.name,
            featureNames: names,
            link: known.link,
            start: [Double](repeating: 0, count: width),
            divisor: isAveraged ? Double(max(1, trees.count / width)) : 1,
            forest: builder.finish(hasCovers: trees.allSatisfy(\.hasCovers))
        )
    }

    private func damaged(_ what: String) -> MartletError {
        MartletError(.dataLoss, "The LightGBM model is damaged: \(what).")
    }

    private func unsupported(_ what: String) -> MartletError {
        MartletError(.unimplemented, "The tree walker does not take \(what); the LightGBM library does.")
    }
}
