package import Core

/// A model on disk: MLflow's layout, written by Martlet or by `mlflow.xgboost`, `mlflow.lightgbm` or `mlflow.onnx`.
package struct ModelDirectory: Sendable {
    /// Where it stands on this host; never part of a message.
    package let path: String
    /// Which library made the model.
    package let flavor: ModelFlavor
    /// The model file, relative to `path`.
    package let file: String
    /// What goes in and out; nil when the directory does not say.
    package let signature: ModelSignature?
    /// The class names by index; empty when unknown or for regression.
    package let classes: [String]
    /// The probability from which class 1 is predicted.
    package let threshold: Double
    /// The sample of training rows for drift detection, relative to `path`.
    package let referenceFile: String?
    /// The model's metrics at training time.
    package let metrics: [String: Double]
    /// Whether the directory had checksums, and every file matched.
    package let isVerified: Bool

    private let stopsAtBestIteration: Bool

    /// Reads `MLmodel` and `martlet.json` and verifies every checksum.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Throws: `notFound` without an `MLmodel`, `dataLoss` naming a file that is missing or changed,
    ///   `invalidArgument` naming a field that is wrong, `unimplemented` for another flavor.
    package static func open(_ path: String) throws -> ModelDirectory {
        let limit = RuntimesLimits.descriptionBytes
        guard let mlModel = try FileBytes.read("MLmodel", in: path, limit: limit) else {
            throw MartletError(.notFound, "There is no 'MLmodel' in the model's directory; is it an MLflow model?")
        }
        let own = try FileBytes.read(MartletModelFile.name, in: path, limit: limit)
        let martlet = try own.map { try MartletModelFile(JSONValue.parse($0)) }
        for (file, expected) in martlet?.checksums ?? [] {
            guard let found = try FileBytes.sha256(of: file, in: path) else {
                throw MartletError(
                    .dataLoss,
                    "The file '\(file)' of the model is missing; restore it or register again."
                )
            }
            guard found == expected else {
                throw MartletError(
                    .dataLoss,
                    "The file '\(file)' of the model is damaged: its SHA-256 is \(found.prefix(12))…, not"
                        + " \(expected.prefix(12))…; restore it or register the model again."
                )
            }
        }
        let description = try ModelDescription(mlModel: mlModel)
        try FileBytes.validate(martlet?.file ?? description.file)
        return ModelDirectory(path, description, martlet)
    }

    private init(_ path: String, _ description: ModelDescription, _ martlet: MartletModelFile?) {
        self.path = path
        flavor = martlet?.flavor ?? description.flavor
        file = martlet?.file ?? description.file
        signature = martlet?.signature ?? description.signature
        classes = martlet?.classes ?? []
        threshold = martlet?.threshold ?? 0.5
        referenceFile = martlet?.reference
        metrics = Dictionary((martlet?.metrics ?? []).map { ($0.name, $0.value) }) { _, last in last }
        isVerified = martlet.map { !$0.checksums.isEmpty } ?? false
        stopsAtBestIteration = description.modelClass?.hasPrefix("xgboost.sklearn.") ?? false
    }

    /// The input columns in order; empty when the directory has no signature.
    package var featureNames: [String] {
        signature?.inputs.map(\.name) ?? []
    }

    /// Loads the model.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Throws: `dataLoss` for a missing or damaged model file, `failedPrecondition` naming the remedy when a native
    ///   library is needed and missing, `invalidArgument` when signature and model disagree.
    package func loadRuntime(_ preference: RuntimePreference = .automatic) throws -> any RowRuntime {
        guard let bytes = try FileBytes.read(file, in: path, limit: RuntimesLimits.modelBytes) else {
            throw MartletError(.dataLoss, "The model file '\(file)' is missing; restore it or register again.")
        }
        let runtime: any RowRuntime =
            switch flavor {
            case .xgboost: try xgboostRuntime(bytes, preference)
            case .lightgbm: try LightGBMRuntime(bytes)
            case .onnx: try ONNXRowRuntime(ONNXModelRuntime(bytes))
            }
        if let signature, flavor != .onnx, signature.inputs.count != runtime.featureCount {
            throw MartletError(
                .invalidArgument,
                "The signature has \(signature.inputs.count) inputs, but the model takes \(runtime.featureCount) features."
            )
        }
        return runtime
    }

    private func xgboostRuntime(_ bytes: [UInt8], _ preference: RuntimePreference) throws -> any RowRuntime {
        if case .automatic = preference {
            do {
                return try TreeEnsemble(bytes, stopsAtBestIteration: stopsAtBestIteration)
            } catch let error as MartletError where error.code == .unimplemented {
                // The model is sound but of a kind that only the library runs.
            }
        }
        return try XGBoostRuntime(bytes)
    }

    /// The reference sample, read with blocking calls; nil when the directory has none.
    package func reference() throws -> Table? {
        guard let referenceFile else { return nil }
        guard let bytes = try FileBytes.read(referenceFile, in: path, limit: RuntimesLimits.referenceBytes) else {
            throw MartletError(.dataLoss, "The reference sample '\(referenceFile)' of the model is missing.")
        }
        return try CSV.parse(bytes)
    }
}
