package import Core

/// What a pipeline run has come to, as the loop sees it.
package enum PipelineProgress: Sendable, Equatable {
    /// Not finished yet.
    case running
    /// Finished; the outputs name the candidate that the gate will judge.
    case succeeded(outputs: JSONObject)
    /// Finished without a candidate.
    case failed(message: String)
}

/// What a rollout of one version has come to, as the loop sees it.
package enum RolloutProgress: Sendable, Equatable {
    /// No deployment has taken up this version yet.
    case notStarted
    /// The version receives this share of the traffic, 0…100 percent.
    case progressing(weight: Int)
    /// The version serves all traffic.
    case promoted
    /// Traffic is back on the stable version, for this reason.
    case rolledBack(reason: String)
}

/// The gate's answer about a candidate, with the figures it rests on.
package struct GateVerdict: Sendable, Equatable {
    /// Whether the candidate may become a version.
    package let accepted: Bool
    /// One sentence for people, such as "accuracy 0.965 against 0.912 of version 1".
    package let reason: String
    /// The figures behind the sentence.
    package let evidence: JSONObject

    /// Makes a verdict.
    package init(accepted: Bool, reason: String, evidence: JSONObject) {
        self.accepted = accepted
        self.reason = reason
        self.evidence = evidence
    }
}

/// What the gate is asked: which candidate, against which champion, by which rule.
package struct GateQuestion: Sendable, Equatable {
    /// The loop that asks.
    package let loopID: String
    /// Outputs of the pipeline run, which name the candidate.
    package let candidate: JSONObject
    /// The registered model.
    package let model: String
    /// The alias whose version is the champion.
    package let alias: String
    /// The rule from the manifest.
    package let rule: GateRule
}

/// The training run that a loop wants: which pipeline, with what, and why.
package struct TrainingOrder: Sendable, Equatable {
    /// The pipeline of the trigger.
    package let pipeline: String
    /// The parameters of the trigger.
    package let parameters: JSONObject
    /// The model whose champion is challenged.
    package let model: String
    /// The alias whose version is the champion.
    package let alias: String
    /// What opened the loop, so that the run can train on rows since then.
    package let signal: LoopSignal
    /// Names the run: the same key must lead to the same run.
    package let idempotencyKey: String
}

/// Everything the loop does to the rest of the house; the server supplies one closure per effect.
///
/// Each closure may be called again with the same key after a crash, so each must answer the second call as the first:
/// by the idempotency key where one is passed, by (model, alias, version) for a rollout.
package struct LoopActions: Sendable {
    /// Starts the run of a pipeline, once per key, and returns the run's id.
    package var startPipeline: @Sendable (_ order: TrainingOrder) async throws -> String
    /// Reads what a pipeline run has come to.
    package var pipelineProgress: @Sendable (_ runID: String) async throws -> PipelineProgress
    /// Judges a candidate against the champion; reads only.
    package var gate: @Sendable (_ question: GateQuestion) async throws -> GateVerdict
    /// Registers the candidate as a version of the model, once per key, and returns the version number.
    package var register:
        @Sendable (_ model: String, _ outputs: JSONObject, _ idempotencyKey: String) async throws -> Int
    /// Moves the alias to the version, which starts its rollout; moving it to where it is changes nothing.
    package var startRollout: @Sendable (_ model: String, _ alias: String, _ version: Int) async throws -> Void
    /// Reads what the rollout of a version has come to.
    package var rolloutProgress:
        @Sendable (_ model: String, _ alias: String, _ version: Int) async throws -> RolloutProgress
    /// Counts labelled rows of the deployment behind model and alias that arrived after a time (`nil`: ever).
    package var newLabelledRows: @Sendable (_ model: String, _ alias: String, _ since: Timestamp?) async throws -> Int

    /// Collects the closures.
    package init(
        startPipeline: @escaping @Sendable (TrainingOrder) async throws -> String,
        pipelineProgress: @escaping @Sendable (String) async throws -> PipelineProgress,
        gate: @escaping @Sendable (GateQuestion) async throws -> GateVerdict,
        register: @escaping @Sendable (String, JSONObject, String) async throws -> Int,
        startRollout: @escaping @Sendable (String, String, Int) async throws -> Void,
        rolloutProgress: @escaping @Sendable (String, String, Int) async throws -> RolloutProgress,
        newLabelledRows: @escaping @Sendable (String, String, Timestamp?) async throws -> Int
    ) {
        self.startPipeline = startPipeline
        self.pipelineProgress = pipelineProgress
        self.gate = gate
        self.register = register
        self.startRollout = startRollout
        self.rolloutProgress = rolloutProgress
        self.newLabelledRows = newLabelledRows
    }
}
