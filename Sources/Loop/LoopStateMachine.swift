package import Core

/// Decides the next step of one loop; performs nothing itself.
///
/// The shell feeds it `.tick` and performs the effect it answers with, then feeds the effect's result and stores the
/// new state together with the recorded timeline in one transaction. A crash between the effect and the record means
/// that the next `.tick` answers with the same effect and the same idempotency key, so each effect counts once.
///
/// | state | tick asks for | leaves on |
/// | --- | --- | --- |
/// | signalled | start the pipeline | pipeline started → retraining |
/// | retraining | read the run | succeeded → gating; failed, too long → failed |
/// | gating | judge the candidate | accepted → registering, or awaiting approval; refused → rejected |
/// | awaiting approval | nothing | approved → registering or rolling out; refused, too late → rejected |
/// | registering | register the version | registered → rolling out, or awaiting approval |
/// | rolling out | read the rollout, move the alias once | promoted, or writing back; rolled back; failed; champion moved → gating |
/// | writing back | write the commit | written, or impossible → promoted |
/// | cancelling | stop what is under way | stopped → cancelled; too late → promoted |
///
/// A transient failure repeats the step after a growing delay, a permanent one ends the loop in `failed`.
package struct LoopStateMachine: Sendable, Equatable {
    /// What the shell reports.
    package enum Event: Sendable, Equatable {
        /// Time has passed, or the server has just started.
        case tick
        /// The pipeline run exists.
        case pipelineStarted(runID: String)
        /// The pipeline run was read.
        case pipeline(PipelineProgress)
        /// The gate answered, against that champion.
        case judged(GateVerdict, champion: Int?)
        /// The candidate is this version now.
        case registered(version: Int)
        /// The alias points to the version, or to a new champion.
        case rolloutStart(RolloutStart)
        /// The rollout was read.
        case rollout(RolloutProgress)
        /// Somebody approved what waits.
        case approved(by: String, comment: String)
        /// Somebody refused what waits.
        case refused(by: String, comment: String)
        /// Somebody wants the loop to stop.
        case cancel(by: String, reason: String)
        /// What was under way is stopped.
        case undone(Undone)
        /// The outcome is committed.
        case wroteBack(LoopCommit)
        /// The last effect failed; a transient failure is worth repeating.
        case effectFailed(message: String, transient: Bool)
    }

    /// What the shell must do.
    package enum Action: Sendable, Equatable {
        /// Perform the effect and report its result.
        case perform(Effect)
        /// Append the entry to the timeline, in the transaction that stores the new state.
        case record(Entry)
    }

    /// One call into the rest of the house.
    package enum Effect: Sendable, Equatable {
        /// Start the training pipeline, once per key.
        case startPipeline(idempotencyKey: String)
        /// Read the pipeline run.
        case readPipeline(runID: String)
        /// Judge the candidate that these outputs name.
        case judge(outputs: JSONObject)
        /// Register the candidate that these outputs name, once per key.
        case register(outputs: JSONObject, idempotencyKey: String)
        /// Read the rollout of the version.
        case readRollout(version: Int)
        /// Point the alias to the version if it still names the champion.
        case startRollout(version: Int, champion: Int?)
        /// Stop what is under way.
        case undo
        /// Write the version to Git, once per loop.
        case writeBack(version: Int)
    }

    /// One line of the timeline.
    package struct Entry: Sendable, Equatable {
        /// The state that the loop is in after this line.
        package let state: LoopState
        /// One sentence for people.
        package let message: String
        /// The figures behind the sentence.
        package let evidence: JSONObject
        /// Names of things elsewhere: `pipeline_run`, `version`.
        package let links: JSONObject

        /// Makes an entry.
        package init(state: LoopState, message: String, evidence: JSONObject = [:], links: JSONObject = [:]) {
            self.state = state
            self.message = message
            self.evidence = evidence
            self.links = links
        }
    }

    /// The loop's id, from which idempotency keys are made.
    package let id: String
    /// Longest time that the pipeline run may take.
    package let trainingTimeout: Duration
    /// Who must approve; nil for nobody.
    package let approval: ApprovalRule?
    /// Whether a promotion is written to Git.
    package let writesBack: Bool
    /// Everything that changes; the store writes and reads exactly this.
    package internal(set) var progress: LoopProgress

    /// Continues a loop from its stored progress.
    package init(
        id: String,
        trainingTimeout: Duration,
        approval: ApprovalRule? = nil,
        writesBack: Bool = false,
        progress: LoopProgress
    ) {
        self.id = id
        self.trainingTimeout = trainingTimeout
        self.approval = approval
        self.writesBack = writesBack
        self.progress = progress
    }

    /// Takes one event and answers with what to do; an event that does not fit the state changes nothing.
    package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
        if case .tick = event {
            return tick(now)
        }
        if case .effectFailed(let message, let transient) = event {
            return effectFailed(message, transient: transient, now)
        }
        let actions: [Action]?
        if case .cancel(let who, let reason) = event {
            actions = cancel(by: who, reason, now)
        } else {
            switch progress.state {
            case .signalled: actions = signalled(event, now)
            case .retraining: actions = retraining(event, now)
            case .gating: actions = gating(event, now)
            case .awaitingApproval: actions = awaitingApproval(event, now)
            case .registering: actions = registering(event, now)
            case .rollingOut: actions = rollingOut(event, now)
            case .writingBack: actions = writingBack(event, now)
            case .cancelling: actions = cancelling(event, now)
            case .promoted, .rejected, .rolledBack, .failed, .cancelled: actions = nil
            }
        }
        guard let actions else { return [] }
        progress.failures = 0
        progress.retryAt = nil
        return actions
    }

    /// The key of the training run.
    package var pipelineKey: String { "\(id)-pipeline" }
    /// The key of the version.
    package var versionKey: String { "\(id)-version" }

    private mutating func tick(_ now: Timestamp) -> [Action] {
        // A delay longer than any was set by a clock that has gone back since.
        if let retryAt = progress.retryAt, now < retryAt, retryAt - now <= LoopLimits.longestRetryDelay {
            return []
        }
        switch progress.state {
        case .signalled:
            return [.perform(.startPipeline(idempotencyKey: pipelineKey))]
        case .retraining:
            guard let runID = progress.runID else {
                return finish(.failed, "The record lost the pipeline run; fire the trigger again.", now)
            }
            if now - progress.enteredAt > trainingTimeout {
                progress.outcome = .failed
                return enter(
                    .cancelling,
                    "The pipeline run \(runID) took longer than the trigger's timeout of "
                        + "\(trainingTimeout.components.seconds) s and is stopped.",
                    now
                )
            }
            return [.perform(.readPipeline(runID: runID))]
        case .gating:
            return [.perform(.judge(outputs: progress.outputs))]
        case .awaitingApproval:
            guard let approval, now - progress.enteredAt > approval.expires else { return [] }
            let stage = progress.awaiting?.rawValue ?? "rollout"
            return finish(.rejected, "Nobody approved the step \"\(stage)\" in time; the champion stays.", now)
        case .registering:
            return [.perform(.register(outputs: progress.outputs, idempotencyKey: versionKey))]
        case .rollingOut:
            guard let version = progress.version else {
                return finish(.failed, "The record lost the version; fire the trigger again.", now)
            }
            return [.perform(.readRollout(version: version))]
        case .writingBack:
            guard let version = progress.version else { return finish(progress.outcome ?? .promoted, "Done.", now) }
            return [.perform(.writeBack(version: version))]
        case .cancelling:
            return [.perform(.undo)]
        case .promoted, .rejected, .rolledBack, .failed, .cancelled:
            return []
        }
    }

    private mutating func signalled(_ event: Event, _ now: Timestamp) -> [Action]? {
        guard case .pipelineStarted(let runID) = event else { return nil }
        progress.runID = runID
        return enter(.retraining, "Retraining started.", links: ["pipeline_run": .string(runID)], now)
    }

    private mutating func retraining(_ event: Event, _ now: Timestamp) -> [Action]? {
        guard case .pipeline(let pipeline) = event else { return nil }
        switch pipeline {
        case .running:
            return []
        case .succeeded(let outputs):
            let size = JSONValue.object(outputs).serialized().count
            guard size <= LoopLimits.maximumOutputsBytes else {
                return finish(
                    .failed,
                    "The pipeline's outputs have \(size) bytes; at most \(LoopLimits.maximumOutputsBytes) are kept.",
                    now
                )
            }
            progress.outputs = outputs
            return enter(.gating, "Retraining succeeded; a candidate is ready.", evidence: outputs, now)
        case .failed(let message):
            return finish(.failed, "Retraining failed: \(message)", now)
        }
    }
}
