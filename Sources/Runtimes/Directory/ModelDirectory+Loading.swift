package import Core
package import Logging
package import Transforms

extension ModelDirectory {
    /// Loads the model: into this process, or into workers when only Python runs it.
    ///
    /// - Throws: `dataLoss` for a missing or damaged model file, `failedPrecondition` naming the remedy when a native
    ///   library, an interpreter or a package is missing, `invalidArgument` when signature and model disagree.
    package func load(
        _ settings: RuntimeSettings,
        logger: Logger = Logger(label: "martlet.models")
    ) async throws -> any ModelRuntime {
        guard flavor != .python else {
            return try await PythonRuntime.start(
                directory: path,
                signature: signature,
                settings: settings.python,
                logger: logger
            )
        }
        return try await BlockingWork.run { try native(.automatic, threads: settings.threads) }
    }

    /// Loads a model of rows of numbers.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Throws: as `load`, and `unimplemented` for a model of another kind.
    package func loadRuntime(_ preference: RuntimePreference = .automatic) throws -> any RowRuntime {
        guard flavor != .python, let rows = try native(preference, threads: 1) as? any RowRuntime else {
            throw MartletError(.unimplemented, "The model does not turn rows of numbers into rows of numbers.")
        }
        return rows
    }

    func native(_ preference: RuntimePreference, threads: Int) throws -> any ModelRuntime {
        guard let bytes = try FileBytes.read(file, in: path, limit: RuntimesLimits.modelBytes) else {
            throw MartletError(.dataLoss, "The model file '\(file)' is missing; restore it or register again.")
        }
        let runtime: any RowRuntime
        switch flavor {
        case .onnx: return try onnx(bytes, preference, threads)
        case .xgboost: runtime = try xgboost(bytes, preference, threads)
        case .lightgbm: runtime = try lightGBM(bytes, preference)
        case .python: throw MartletError(.unimplemented, "Only Python runs the model.")
        }
        if let transform = try transform() {
            let isNumeric = transform.inputs.allSatisfy { $0.kind != .string }
            return isNumeric ? try TransformedRows(transform, runtime) : try TransformedColumns(transform, runtime)
        }
        if let signature, !signature.inputs.isEmpty, signature.inputs.count != runtime.featureCount {
            throw MartletError(
                .invalidArgument,
                "The signature has \(signature.inputs.count) inputs, but the model takes \(runtime.featureCount) features."
            )
        }
        return runtime
    }

    /// How raw columns become the model's features; nil when they are that already.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Throws: `dataLoss` when the file is missing or damaged, `invalidArgument` when the signature names other columns.
    package func transform() throws -> FittedTransform? {
        guard let transformFile else { return nil }
        guard let bytes = try FileBytes.read(transformFile, in: path, limit: CoreLimits.jsonBytes) else {
            throw MartletError(
                .dataLoss,
                "The model's transform '\(transformFile)' is missing; restore it or register again."
            )
        }
        let transform: FittedTransform
        do {
            transform = try FittedTransform(json: JSONValue.parse(bytes))
        } catch {
            throw MartletError(.dataLoss, "The model's transform '\(transformFile)' is damaged.", cause: error)
        }
        guard signature == nil || featureNames == transform.inputs.map(\.name) else {
            throw MartletError(.invalidArgument, "The signature names other columns than the model's transform takes.")
        }
        return transform
    }

    private func xgboost(_ bytes: [UInt8], _ preference: RuntimePreference, _ threads: Int) throws -> any RowRuntime {
        if case .automatic = preference {
            do {
                return try TreeEnsemble(bytes, stopsAtBestIteration: stopsAtBestIteration)
            } catch let error as MartletError where error.code == .unimplemented {
                // The model is sound but of a kind that only the library runs.
            }
        }
        return try XGBoostRuntime(bytes, threads: threads, stopsAtBestIteration: stopsAtBestIteration)
    }

    private func lightGBM(_ bytes: [UInt8], _ preference: RuntimePreference) throws -> any RowRuntime {
        if case .automatic = preference {
            do {
                return try TreeEnsemble(lightGBM: bytes)
            } catch let error as MartletError where error.code == .unimplemented {
                // As above.
            }
        }
        return try LightGBMRuntime(bytes)
    }

    private func onnx(_ bytes: [UInt8], _ preference: RuntimePreference, _ threads: Int) throws -> any ModelRuntime {
        var trees: TreeEnsemble?
        if case .automatic = preference, hasNumericColumns {
            do {
                trees = try TreeEnsemble(onnx: bytes)
            } catch let error as MartletError where [.dataLoss, .unimplemented].contains(error.code) {
                // ONNX Runtime judges the file.
            }
        }
        // Where the own walker answers rows, the library is opened by the first call with tensors only.
        let model = try ONNXModelRuntime(bytes, place: (path, file), threads: threads, isLazy: trees != nil)
        guard hasNumericColumns else { return model }
        do {
            let rows = try ONNXRowRuntime(model, trees: trees)
            let columns = signature?.inputs.count ?? 0
            return columns == 0 || columns == rows.featureCount ? rows : model
        } catch let error as MartletError where [.unimplemented, .invalidArgument, .internal].contains(error.code) {
            // Not a model of rows: it is asked with its own tensors.
            return model
        }
    }

    /// Whether the signature, if any, allows rows of numbers.
    private var hasNumericColumns: Bool {
        signature?.inputs.allSatisfy(\.type.isNumeric) ?? true
    }

    /// What goes in and out of a loaded model: what the directory says, else what the model says itself.
    package func signature(of runtime: any ModelRuntime) -> ModelSignature {
        if let signature, !signature.isSilent { return signature }
        let outputs = signature?.outputs ?? []
        let params = signature?.params ?? []
        if let rows = runtime as? any RowRuntime {
            return ModelSignature(inputs: Self.columns(of: rows), outputs: outputs, params: params)
        }
        return ModelSignature(
            inputs: [],
            outputs: outputs,
            inputTensors: runtime.inputs,
            outputTensors: outputs.isEmpty ? runtime.outputs : [],
            params: params
        )
    }

    /// The features by the names that the model file gives them; empty when it gives none.
    private static func columns(of rows: any RowRuntime) -> [ModelSignature.Field] {
        var names = (rows as? TreeEnsemble)?.featureNames ?? []
        if let rows = rows as? ONNXRowRuntime, rows.inputs.count == rows.featureCount, rows.featureCount > 1 {
            names = rows.inputs.map(\.name)
        }
        guard names.count == rows.featureCount, Set(names).count == names.count else { return [] }
        return names.map { ModelSignature.Field(name: $0, type: .double) }
    }

    /// The class names of a loaded model: what the directory says, else what the model says itself.
    package func classes(of runtime: any ModelRuntime) -> [String] {
        guard classes.isEmpty else { return classes }
        return (runtime as? ONNXRowRuntime)?.classLabels ?? []
    }
}
