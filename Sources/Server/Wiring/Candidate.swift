import Artifacts
import Core

/// The model that a training run has made, as its last task's outputs name it.
struct Candidate: Sendable {
    /// The run that logged the model.
    let runID: String
    /// Where the model lies in the artifact store.
    let modelPath: String
    /// The dataset whose test split judges it.
    let dataset: String
    /// Its own metrics on that split.
    let metrics: JSONObject

    /// Reads the outputs of `learning.evaluate`.
    ///
    /// - Throws: `invalidArgument` naming the output that is missing.
    init(outputs: JSONObject) throws(MartletError) {
        let fields = JSONFields(outputs, path: "outputs")
        runID = try fields.string("run_id")
        modelPath = try fields.string("model_path")
        dataset = try fields.string("dataset")
        metrics = try fields.optionalObject("metrics") ?? [:]
    }

    /// The model's directory on this host.
    func localPath(in stores: Stores) async throws -> String {
        try await stores.artifacts.localURL(try ArtifactPath(validating: modelPath))
    }
}
