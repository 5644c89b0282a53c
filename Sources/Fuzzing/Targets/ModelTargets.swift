import Core
import Runtimes

extension FuzzTarget {
    private static let models = "Tests/RuntimesTests/Golden/"

    /// Tree models in XGBoost's JSON.
    static let xgboostJSON = trees(
        "model-xgboost-json",
        "tree models in XGBoost's JSON",
        files: ["dart.json", "xgboost-binary.json", "xgboost-regression.json", "vector-leaves.json"],
        forms: [.json]
    ) { try TreeEnsemble($0) }

    /// Tree models in XGBoost's UBJSON.
    static let xgboostUBJSON = trees(
        "model-xgboost-ubj",
        "tree models in XGBoost's UBJSON",
        files: ["early-stopped.ubj", "xgboost-binary.ubj", "xgboost-regression.ubj"],
        forms: [.bytes]
    ) { try TreeEnsemble($0, stopsAtBestIteration: true) }

    /// Tree models in LightGBM's text.
    static let lightGBM = trees(
        "model-lightgbm",
        "tree models in LightGBM's text",
        files: ["lightgbm-regression.txt", "lightgbm-binary.txt"],
        forms: [.text]
    ) { try TreeEnsemble(lightGBM: $0) }

    /// Tree models in ONNX.
    static let onnx = trees(
        "model-onnx",
        "ONNX graphs that are tree ensembles",
        files: [
            "onnx-binary.onnx", "onnx-multiclass.onnx", "onnx-regression.onnx", "zipmap-texts.onnx", "types.onnx",
            "gather.onnx", "two-inputs.onnx",
        ],
        forms: [.message]
    ) { try TreeEnsemble(onnx: $0) }

    /// What loads also predicts and explains, within the memory of its rows, and the same each time.
    private static func trees(
        _ name: String,
        _ summary: String,
        files: [String],
        forms: [InputForm],
        load: @escaping @Sendable ([UInt8]) throws -> TreeEnsemble?
    ) -> FuzzTarget {
        var target = FuzzTarget(
            name,
            summary,
            seeds: ["{}", ""],
            words: ["learner", "trees", "left_children", "split_indices", "num_class", "Tree=0", "num_leaves=", "NaN"],
            forms: forms,
            longest: 32 * 1024
        ) { bytes in
            guard let trees = try load(Array(bytes)) else { return 1 }
            // What a row of so many features or answers would take says nothing about the reader.
            guard trees.featureCount <= 10_000, trees.outputWidth <= 1000 else { return 2 }
            var print = Fingerprint()
            print.take(trees.objective)
            print.take(UInt8(truncatingIfNeeded: trees.outputWidth))
            print.take(UInt8(truncatingIfNeeded: trees.featureCount.leadingZeroBitCount))
            for value: Float in [0, .nan, -1e30, 5] {
                let rows = [Float](repeating: value, count: trees.featureCount * 3)
                let answers = try trees.predict(rows, count: 3)
                try require(answers.count == 3 * trees.outputWidth, "\(answers.count) answers")
                let again = try trees.predict(Array(rows.prefix(trees.featureCount)), count: 1)
                let first = answers.prefix(trees.outputWidth)
                try require(
                    zip(first, again).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN },
                    "a row alone is predicted as \(again), among others as \(first)"
                )
            }
            if trees.hasCovers {
                let explained = try trees.contributions([Float](repeating: 1, count: trees.featureCount), count: 1)
                try require(explained.count == trees.marginWidth * (trees.featureCount + 1), "contributions")
            }
            return print.value
        }
        target.seedFiles = files.map { models + $0 }
        return target
    }
}
