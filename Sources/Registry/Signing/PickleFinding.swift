package import Core

/// A file of a version that runs code when it is loaded, and how that was seen.
package struct PickleFinding: Sendable, Equatable {
    /// The file, beneath the version's folder.
    package let path: String
    /// What was seen, in words.
    package let reason: String

    /// Makes a finding.
    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// The finding as JSON.
    package var json: JSONValue { ["path": .string(path), "reason": .string(reason)] }

    /// Findings as the database keeps them.
    static func text(_ findings: [PickleFinding]) -> String {
        JSONValue.array(findings.map(\.json)).description
    }

    /// Findings that the database kept; one that cannot be read is a finding itself.
    static func parse(_ text: String) -> [PickleFinding] {
        let list = try? JSONValue.parse(text).arrayValue
        return (list ?? [["path": "", "reason": "the record of the findings is damaged"]]).map { value in
            PickleFinding(path: value["path"]?.stringValue ?? "", reason: value["reason"]?.stringValue ?? "unknown")
        }
    }
}

/// Looks for pickles: files whose reading is running whatever code their author put in.
///
/// It tells people what they deal with. It is no gate: Martlet itself never reads a pickle, models that need one run in
/// workers, and a file that hides what it is harms nobody who does not unpickle it.
package enum PickleScan {
    /// Bytes of a file that are looked at.
    package static let headBytes = 4096

    private static let extensions: Set<String> = [
        "pkl", "pickle", "joblib", "dill", "cloudpickle", "pt", "pth", "ckpt", "npy", "npz",
    ]

    /// Loaders of MLflow's flavors that unpickle, by the beginning of their module's name.
    private static let loaders = [
        "mlflow.sklearn", "mlflow.pytorch", "mlflow.pyfunc.model", "mlflow.statsmodels", "mlflow.prophet",
        "mlflow.pmdarima", "mlflow.shap", "mlflow.spacy", "mlflow.langchain", "mlflow.transformers",
        "mlflow.sentence_transformers",
    ]

    /// Why a file that begins with `head` counts as a pickle; nil if it does not.
    package static func reason(path: String, head: [UInt8]) -> String? {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if let told = told(by: head, name: name) { return told }
        guard let suffix = name.split(separator: ".").dropFirst().last?.lowercased(), extensions.contains(suffix) else {
            return nil
        }
        // NumPy's own files say themselves whether they hold objects, which are pickled.
        if suffix == "npy" || suffix == "npz" { return nil }
        return "its name ends in .\(suffix)"
    }

    private static func told(by head: [UInt8], name: String) -> String? {
        guard head.count >= 2 else { return nil }
        switch (head[0], head[1]) {
        case (0x80, 1...5): return "it begins as a pickle of protocol \(head[1])"
        case (0x50, 0x4B) where contains(head, "data.pkl"): return "it is an archive of PyTorch, with data.pkl inside"
        case (0x50, 0x4B) where contains(head, ".pkl"): return "it is an archive with a pickle inside"
        case (0x93, 0x4E) where contains(head, "'|O'") || contains(head, "'O'"):
            return "it is an array of NumPy that holds pickled objects"
        default: return nil
        }
    }

    private static func contains(_ head: [UInt8], _ text: String) -> Bool {
        head.firstRange(of: Array(text.utf8)) != nil
    }

    /// The loader that `MLmodel` names, when it is one that unpickles or the model's own code.
    package static func reason(mlModel text: String) -> String? {
        // scikit-learn's models can be kept without a pickle.
        let isSafe = text.contains("serialization_format: skops")
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.trimmingPrefix { $0 == " " }
            guard words.hasPrefix("loader_module:") else { continue }
            let module = words.dropFirst("loader_module:".count).filter { !" '\"".contains($0) }
            if loaders.contains(where: { module == $0 || module.hasPrefix($0 + ".") }) {
                guard !(isSafe && module == "mlflow.sklearn") else { continue }
                return "its python_function is loaded by \(module), which unpickles"
            }
            if !module.hasPrefix("mlflow.") { return "its python_function is loaded by its own code (\(module))" }
        }
        return nil
    }
}
