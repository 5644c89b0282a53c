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
    /// No deployment has taken it up, and the alias names another version now (nil: it is gone).
    case superseded(by: Int?)
    /// The version receives this share of the traffic, 0…100 percent.
    case progressing(weight: Int)
    /// The version serves all traffic.
    case promoted
    /// Traffic is back on the stable version, for this reason.
    case rolledBack(reason: String)
}

/// The alias that a loop moves.
package struct RolloutOrder: Sendable, Equatable {
    /// The registered model.
    package let model: String
    /// The alias.
    package let alias: String
    /// Where it shall point.
    package let version: Int
    /// Where it pointed when the gate judged; nil for nowhere.
    package let champion: Int?
}

/// What became of a move of the alias.
package enum RolloutStart: Sendable, Equatable {
    /// The alias names the version.
    case started
    /// Nothing was moved: the alias names another champion than the one that the gate judged against.
    case championChanged(to: Int?)
}

/// What a cancelled loop may have under way.
package struct UndoOrder: Sendable, Equatable {
    /// The loop.
    package let loopID: String
    /// Who cancelled it.
    package let by: String
    /// Where it stood.
    package let from: LoopState
    /// The pipeline, and the key under which its run was started.
    package let pipeline: String
    /// The key of the run.
    package let pipelineKey: String
    /// The run; nil when it is not known whether it was started.
    package let runID: String?
    /// The registered model.
    package let model: String
    /// The alias.
    package let alias: String
    /// The version; nil when it is not known whether the candidate was registered.
    package let version: Int?
    /// The key under which the candidate was registered.
    package let versionKey: String
    /// The version that the alias named when the gate judged.
    package let champion: Int?
}

/// What was undone for a cancelled loop.
package struct Undone: Sendable, Equatable {
    /// One sentence for each thing.
    package let lines: [String]
    /// Whether it was too late: the version serves all traffic.
    package let isPromoted: Bool

    /// Makes an answer.
    package init(_ lines: [String], isPromoted: Bool = false) {
        self.lines = lines
        self.isPromoted = isPromoted
    }
}

/// What a trigger sees of a dataset.
package struct WatchedDataset: Sendable, Equatable {
    /// Names the content.
    package let version: String
    /// How many rows there are.
    package let rows: Int64
    /// Whether the last checks passed; nil when none ran.
    package let checksPassed: Bool?

    /// Makes a view.
    package init(version: String, rows: Int64, checksPassed: Bool?) {
        self.version = version
        self.rows = rows
        self.checksPassed = checksPassed
    }
}

/// The gate's answer about a candidate, with the figures it rests on.
package struct GateVerdict: Sendable, Equatable {
    /// Whether the candidate may become a version.
    package let accepted: Bool
    /// One sentence for people, such as "accuracy 0.965 against the champion's 0.912".
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
