package import Core

/// Everything the loop does to the rest of the house; the server supplies one closure per effect.
///
/// Each closure may be called again with the same key after a crash, so each must answer the second call as the first:
/// by the idempotency key where one is passed, by (model, alias, version) for a rollout.
package struct LoopActions: Sendable {
    /// Starts the run of a pipeline, once per key, and returns the run's id.
    package var startPipeline: @Sendable (_ order: TrainingOrder) async throws -> String
    /// Reads what a pipeline run has come to.
    package var pipelineProgress: @Sendable (_ runID: String) async throws -> PipelineProgress
    /// Measures what the gate's rule asks for of candidate and champion; reads only.
    package var gateFigures: @Sendable (_ question: GateQuestion) async throws -> GateFigures
    /// Registers the candidate as a version of the model, once per key, and returns the version number.
    package var register:
        @Sendable (_ model: String, _ outputs: JSONObject, _ idempotencyKey: String) async throws -> Int
    /// Moves the alias to the version, which starts its rollout; moving it to where it is changes nothing.
    package var startRollout: @Sendable (_ order: RolloutOrder) async throws -> RolloutStart
    /// Reads what the rollout of a version has come to.
    package var rolloutProgress:
        @Sendable (_ model: String, _ alias: String, _ version: Int) async throws -> RolloutProgress
    /// Writes the outcome to Git, once per key.
    package var writeBack: @Sendable (_ order: LoopWriteBack) async throws -> LoopCommit
    /// Refuses a `gitops:` section that cannot be used, naming the field under the path.
    package var checkWriteBack: @Sendable (_ gitops: JSONObject, _ path: String) async throws -> Void
    /// Stops what a cancelled loop has under way, and says what that was; stopping what has stopped changes nothing.
    package var undo: @Sendable (_ order: UndoOrder) async throws -> Undone
    /// Counts labelled rows of the deployment behind model and alias that arrived after a time (`nil`: ever).
    package var newLabelledRows: @Sendable (_ model: String, _ alias: String, _ since: Timestamp?) async throws -> Int
    /// What a dataset is now; nil while it has no complete rows.
    package var dataset: @Sendable (_ name: String) async throws -> WatchedDataset?
    /// The version that an alias names; nil for none.
    package var aliasVersion: @Sendable (_ model: String, _ alias: String) async throws -> Int?
    /// HMAC-SHA256 of a message under a named secret; `notFound` when there is no such secret.
    package var authenticationCode: @Sendable (_ secret: String, _ message: [UInt8]) async throws -> [UInt8]

    /// Collects the closures.
    package init(
        startPipeline: @escaping @Sendable (TrainingOrder) async throws -> String,
        pipelineProgress: @escaping @Sendable (String) async throws -> PipelineProgress,
        gateFigures: @escaping @Sendable (GateQuestion) async throws -> GateFigures,
        register: @escaping @Sendable (String, JSONObject, String) async throws -> Int,
        startRollout: @escaping @Sendable (RolloutOrder) async throws -> RolloutStart,
        rolloutProgress: @escaping @Sendable (String, String, Int) async throws -> RolloutProgress,
        writeBack: @escaping @Sendable (LoopWriteBack) async throws -> LoopCommit,
        checkWriteBack: @escaping @Sendable (JSONObject, String) async throws -> Void,
        undo: @escaping @Sendable (UndoOrder) async throws -> Undone,
        newLabelledRows: @escaping @Sendable (String, String, Timestamp?) async throws -> Int,
        dataset: @escaping @Sendable (String) async throws -> WatchedDataset?,
        aliasVersion: @escaping @Sendable (String, String) async throws -> Int?,
        authenticationCode: @escaping @Sendable (String, [UInt8]) async throws -> [UInt8]
    ) {
        self.startPipeline = startPipeline
        self.pipelineProgress = pipelineProgress
        self.gateFigures = gateFigures
        self.register = register
        self.startRollout = startRollout
        self.rolloutProgress = rolloutProgress
        self.writeBack = writeBack
        self.checkWriteBack = checkWriteBack
        self.undo = undo
        self.newLabelledRows = newLabelledRows
        self.dataset = dataset
        self.aliasVersion = aliasVersion
        self.authenticationCode = authenticationCode
    }
}
