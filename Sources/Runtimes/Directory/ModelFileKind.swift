import Core

/// What a file is, told by its first bytes; the name counts only where they say nothing.
enum ModelFileKind: Equatable {
    case onnx
    case xgboost
    case lightgbm
    /// A pickle, alone or compressed, as `joblib` and `cloudpickle` write them.
    case pickle
    /// Something else, in words.
    case other(String)

    /// Bytes that are enough to tell.
    static let headBytes = 64

    /// The kind of a file that begins with `head`.
    init(_ head: [UInt8], name: String) {
        if let told = Self.told(by: head) {
            self = told
            return
        }
        switch name.split(separator: ".").last?.lowercased() {
        case "onnx": self = .onnx
        case "ubj", "json", "xgb": self = .xgboost
        case "txt", "lgb": self = .lightgbm
        case "pkl", "pickle", "joblib": self = .pickle
        default: self = .other("of no known kind")
        }
    }

    private static func told(by head: [UInt8]) -> ModelFileKind? {
        let text = String(decoding: head, as: UTF8.self)
        if text.hasPrefix("tree\n") || text.hasPrefix("tree\r\n") { return .lightgbm }
        if text.hasPrefix("binf") || text.hasPrefix("bs64") {
            return .other("in XGBoost's old binary form; save it again with save_model(\"model.ubj\")")
        }
        let letters = text.drop { $0.isWhitespace }
        if letters.hasPrefix("{") {
            let next = letters.dropFirst().drop { $0.isWhitespace }.first
            if next == "\"" || next == "}" { return .xgboost }
            // UBJSON: the length of the first key follows, with its type.
            if let next, "iUIlL$#".contains(next) { return .xgboost }
        }
        guard head.count >= 2 else { return nil }
        switch (head[0], head[1]) {
        // Pickle protocols 2 to 5; the older ones are text.
        case (0x80, 2...5): return .pickle
        // zlib, gzip, bzip2, xz and lz4, in which joblib writes.
        case (0x78, 0x01), (0x78, 0x5E), (0x78, 0x9C), (0x78, 0xDA), (0x1F, 0x8B), (0x42, 0x5A), (0xFD, 0x37),
            (0x04, 0x22):
            return .pickle
        case (0x50, 0x4B): return .other("an archive, as PyTorch, Keras and skops write them")
        case (0x89, 0x48): return .other("an HDF5 file, as Keras writes them")
        // `ir_version` comes first in an ONNX file.
        case (0x08, 1...32): return .onnx
        default: return nil
        }
    }

    /// The flavor that runs it.
    ///
    /// - Throws: `unimplemented` naming the remedy.
    func flavor(name: String) throws(MartletError) -> ModelFlavor {
        switch self {
        case .onnx: return .onnx
        case .xgboost: return .xgboost
        case .lightgbm: return .lightgbm
        case .pickle:
            throw MartletError(
                .unimplemented,
                "'\(name)' is a pickle, which only Python can read: save the model with mlflow, such as"
                    + " mlflow.sklearn.save_model(model, \"folder\"), and serve the folder; a Python worker runs it."
            )
        case .other(let what):
            throw MartletError(
                .unimplemented,
                "'\(name)' is \(what). Martlet serves ONNX files, XGBoost models in JSON or UBJSON, LightGBM models as"
                    + " text, and folders that mlflow saved."
            )
        }
    }
}
