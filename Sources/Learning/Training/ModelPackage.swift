package import Artifacts
package import Core
import Runtimes
package import Tracking
import Transforms

/// The files of a trained model: MLflow's layout with Martlet's own description beside it.
///
/// `mlflow.pyfunc.load_model` and MLflow's flavor of the library read it, and so does `ModelDirectory`.
package struct ModelPackage: Sendable {
    /// The run that trained the model.
    package let runID: String
    /// What is packaged.
    package let content: PackagedModel
    /// The metrics known so far, by name.
    package let metrics: [(name: String, value: Double)]
    /// When the model was made.
    package let created: Timestamp

    /// The folder beneath a run's artifacts.
    package static let folder = "model"
    static let referenceFile = "reference.csv"
    static let transformFile = "transform.json"

    /// Packages a trained model.
    package init(
        runID: String,
        content: PackagedModel,
        metrics: [(name: String, value: Double)],
        created: Timestamp
    ) {
        self.runID = runID
        self.content = content
        self.metrics = metrics
        self.created = created
    }

    /// Packages an XGBoost classifier of rows that are numbers.
    ///
    /// - Parameters:
    ///   - runID: the run that trained the model.
    ///   - model: the model file's contents, XGBoost's JSON.
    ///   - training: the training rows, of which a sample becomes the reference for drift detection.
    ///   - metrics: the metrics known so far, by name.
    ///   - created: when the model was made.
    ///   - seed: the seed of the samples.
    package init(
        runID: String,
        model: [UInt8],
        training: LabelledRows,
        metrics: [(name: String, value: Double)],
        created: Timestamp,
        seed: UInt64
    ) {
        self.runID = runID
        content = PackagedModel(model, training, seed: seed)
        self.metrics = metrics
        self.created = created
    }

    /// What goes in and out.
    package var signature: ModelSignature { content.signature }

    /// Every file by its name; `martlet.json` stands last and holds the checksums of the others.
    package func files(modelID: String = Identifier.random()) throws -> [(name: String, bytes: [UInt8])] {
        let environment = ModelEnvironment(content.trainer, isPlain: content.isPlain)
        var files: [(name: String, bytes: [UInt8])] = [
            (content.file, content.bytes),
            (Self.referenceFile, CSV.write(try content.reference())),
            ("requirements.txt", Array(environment.requirementsText.utf8)),
            ("conda.yaml", Array(environment.conda.utf8)),
            ("python_env.yaml", Array(environment.pythonEnvironment.utf8)),
            ("input_example.json", try inputExample().serialized()),
        ]
        if let transform = content.transform {
            files.append((Self.transformFile, transform.json.serialized()))
        }
        if !content.isPlain {
            files.append((PythonLoader.file, Array(PythonLoader.source.utf8)))
        }
        files.append(("MLmodel", Array(mlModel(modelID, environment).utf8)))
        let description = MartletModelFile(
            flavor: content.trainer == .xgboost ? .xgboost : .lightgbm,
            file: content.file,
            signature: signature,
            classes: content.classes,
            threshold: 0.5,
            reference: Self.referenceFile,
            transform: content.transform == nil ? nil : Self.transformFile,
            metrics: metrics.filter { $0.value.isFinite },
            checksums: files.map { ($0.name, ModelChecksums.sha256(of: $0.bytes)) }
        )
        files.append((MartletModelFile.name, Array(description.json.prettyPrinted().utf8)))
        return files
    }

    /// Writes the files as artifacts of the run.
    ///
    /// - Returns: the folder's path in the artifact store.
    package func write(to tracking: TrackingStore) async throws -> ArtifactPath {
        let folder = try await tracking.artifactRoot(runID: runID).appending(Self.folder)
        let modelID = Identifier.random()
        for (name, bytes) in try files(modelID: modelID) {
            try await tracking.artifacts.write(folder.appending(name), bytes: bytes)
        }
        let data: JSONValue = ["data": .string(content.file)]
        let flavors: [(String, JSONValue)] = [(content.trainer.rawValue, data), ("python_function", [:])]
        try await tracking.appendLoggedModel(
            runID: runID,
            [
                "run_id": .string(runID), "artifact_path": .string(Self.folder),
                "utc_time_created": .string(utcTime), "model_uuid": .string(modelID),
                "flavors": .object(JSONObject(flavors)),
            ]
        )
        return folder
    }

    /// MLflow's time, which has a space and no zone.
    private var utcTime: String {
        created.iso8601.replacing("T", with: " ").replacing("Z", with: "")
    }

    private func mlModel(_ modelID: String, _ environment: ModelEnvironment) -> String {
        """
        artifact_path: \(Self.folder)
        flavors:
        \(environment.pythonFlavor(data: content.file))
        \(environment.libraryFlavor(data: content.file))
        mlflow_version: \(ModelEnvironment.mlflowVersion)
        model_size_bytes: \(content.bytes.count)
        model_uuid: \(modelID)
        run_id: \(runID)
        saved_input_example_info:
          artifact_path: input_example.json
          pandas_orient: split
          type: dataframe
        signature:
          inputs: \(quoted(signature.json["inputs"]))
          outputs: \(quoted(signature.json["outputs"]))
          params: null
        utc_time_created: '\(utcTime)'

        """
    }

    /// JSON as a single-quoted YAML scalar.
    private func quoted(_ value: JSONValue?) -> String {
        "'" + (value ?? []).description.replacing("'", with: "''") + "'"
    }

    private func inputExample() throws(MartletError) -> JSONValue {
        let example = try content.example()
        let rows = (0..<example.rowCount).map { row in
            JSONValue.array(
                example.columns.map { column in
                    switch column.values {
                    case .numbers(let values): .number(values[row])
                    case .integers(let values): .optional(values[row].map { Double($0) })
                    case .strings(let values): .optional(values[row])
                    }
                }
            )
        }
        return ["columns": .array(example.columns.map { .string($0.name) }), "data": .array(rows)]
    }
}
