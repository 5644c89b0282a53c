package import Artifacts
package import Core
import Runtimes
package import Tracking

/// The files of a trained model: MLflow's layout with Martlet's own description beside it.
///
/// `mlflow.pyfunc.load_model` and `mlflow.xgboost.load_model` read it, and so does `ModelDirectory`.
package struct ModelPackage: Sendable {
    /// The run that trained the model.
    package let runID: String
    /// The model file's contents, XGBoost's JSON.
    package let model: [UInt8]
    /// The training rows, of which a sample becomes the reference for drift detection.
    package let training: LabelledRows
    /// The metrics known so far, by name.
    package let metrics: [(name: String, value: Double)]
    /// When the model was made.
    package let created: Timestamp
    /// The seed of the reference sample.
    package let seed: UInt64

    /// The folder beneath a run's artifacts.
    package static let folder = "model"
    static let modelFile = "model.json"
    static let referenceFile = "reference.csv"

    /// Takes what the files are made of.
    package init(
        runID: String,
        model: [UInt8],
        training: LabelledRows,
        metrics: [(name: String, value: Double)],
        created: Timestamp,
        seed: UInt64
    ) {
        self.runID = runID
        self.model = model
        self.training = training
        self.metrics = metrics
        self.created = created
        self.seed = seed
    }

    /// What goes in and out: the features as doubles, the probability of class 1 or of each class.
    package var signature: ModelSignature {
        let outputs = training.classes.count == 2 ? ["probability"] : training.classes
        return ModelSignature(
            inputs: training.featureNames.map { ModelSignature.Field(name: $0, type: .double) },
            outputs: outputs.map { ModelSignature.Field(name: $0, type: .double) }
        )
    }

    /// Every file by its name; `martlet.json` stands last and holds the checksums of the others.
    package func files(modelID: String = Identifier.random()) throws -> [(name: String, bytes: [UInt8])] {
        var files: [(name: String, bytes: [UInt8])] = [
            (Self.modelFile, model),
            (
                Self.referenceFile,
                CSV.write(try training.sample(LearningLimits.referenceRows, seed: seed).featureTable())
            ),
            ("requirements.txt", Array((Self.requirements.joined(separator: "\n") + "\n").utf8)),
            ("conda.yaml", Array(Self.conda.utf8)),
            ("python_env.yaml", Array(Self.pythonEnvironment.utf8)),
            ("input_example.json", try inputExample().serialized()),
        ]
        files.append(("MLmodel", Array(mlModel(modelID).utf8)))
        let description = MartletModelFile(
            flavor: .xgboost,
            file: Self.modelFile,
            signature: signature,
            classes: training.classes,
            threshold: 0.5,
            reference: Self.referenceFile,
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
        try await tracking.appendLoggedModel(
            runID: runID,
            [
                "run_id": .string(runID), "artifact_path": .string(Self.folder),
                "utc_time_created": .string(utcTime), "model_uuid": .string(modelID),
                "flavors": ["xgboost": ["data": .string(Self.modelFile)], "python_function": [:]],
            ]
        )
        return folder
    }

    private static let mlflowVersion = "3.17.2"
    private static let xgboostVersion = "3.2.0"
    private static let pythonVersion = "3.11.7"

    private static let requirements = ["mlflow==\(mlflowVersion)", "pandas<3", "xgboost==\(xgboostVersion)"]

    private static let conda = """
        channels:
        - conda-forge
        dependencies:
        - python=\(pythonVersion)
        - pip
        - pip:
        \(requirements.map { "  - \($0)" }.joined(separator: "\n"))
        name: mlflow-env

        """

    private static let pythonEnvironment = """
        python: \(pythonVersion)
        build_dependencies:
        - pip
        - setuptools
        - wheel
        dependencies:
        - -r requirements.txt

        """

    /// MLflow's time, which has a space and no zone.
    private var utcTime: String {
        created.iso8601.replacing("T", with: " ").replacing("Z", with: "")
    }

    private func mlModel(_ modelID: String) -> String {
        """
        artifact_path: \(Self.folder)
        flavors:
          python_function:
            data: \(Self.modelFile)
            env:
              conda: conda.yaml
              virtualenv: python_env.yaml
            loader_module: mlflow.xgboost
            python_version: \(Self.pythonVersion)
          xgboost:
            code: null
            data: \(Self.modelFile)
            model_class: xgboost.core.Booster
            model_format: json
            xgb_version: \(Self.xgboostVersion)
        mlflow_version: \(Self.mlflowVersion)
        model_size_bytes: \(model.count)
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

    private func inputExample() throws -> JSONValue {
        let example = training.sample(2, seed: seed)
        let width = example.featureNames.count
        let rows = (0..<example.count).map { row in
            JSONValue.array(example.values[row * width..<(row + 1) * width].map { .number(Double("\($0)") ?? .nan) })
        }
        return ["columns": .array(example.featureNames.map { .string($0) }), "data": .array(rows)]
    }
}
