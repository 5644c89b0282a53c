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
/// | gating | judge the candidate | accepted → registering; refused → rejected |
/// | registering | register the version | registered → rolling out |
/// | rolling out | read the rollout, move the alias once | promoted; rolled back; never picked up → failed |
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
        /// The gate answered.
        case judged(GateVerdict)
        /// The candidate is this version now.
        case registered(version: Int)
        /// The alias points to the version.
        case rolloutRequested
        /// The rollout was read.
        case rollout(RolloutProgress)
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
        /// Point the alias to the version.
        case startRollout(version: Int)
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
    /// Everything that changes; the store writes and reads exactly this.
    package private(set) var progress: LoopProgress

    /// Continues a loop from its stored progress.
    package init(id: String, trainingTimeout: Duration, progress: LoopProgress) {
        self.id = id
        self.trainingTimeout = trainingTimeout
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
        switch progress.state {
        case .signalled: actions = signalled(event, now)
        case .retraining: actions = retraining(event, now)
        case .gating: actions = gating(event, now)
        case .registering: actions = registering(event, now)
        case .rollingOut: actions = rollingOut(event, now)
        case .promoted, .rejected, .rolledBack, .failed: actions = nil
        }
        guard let actions else { return [] }
        progress.failures = 0
        progress.retryAt = nil
        return actions
    }

    private mutating func tick(_ now: Timestamp) -> [Action] {
        if let retryAt = progress.retryAt, now < retryAt {
            return []
        }
        switch progress.state {
        case .signalled:
            return [.perform(.startPipeline(idempotencyKey: "\(id)-pipeline"))]
        case .retraining:
            guard let runID = progress.runID else {
                return finish(.failed, "The record lost the pipeline run; fire the trigger again.", now)
            }
            if now - progress.enteredAt > trainingTimeout {
                return finish(
                    .failed,
                    "The pipeline run \(runID) took longer than the trigger's timeout of "
                        + "\(trainingTimeout.components.seconds) s.",
                    now
                )
            }
            return [.perform(.readPipeline(runID: runID))]
        case .gating:
            return [.perform(.judge(outputs: progress.outputs))]
        case .registering:
            return [.perform(.register(outputs: progress.outputs, idempotencyKey: "\(id)-version"))]
        case .rollingOut:
            guard let version = progress.version else {
                return finish(.failed, "The record lost the version; fire the trigger again.", now)
            }
            return [.perform(.readRollout(version: version))]
        case .promoted, .rejected, .rolledBack, .failed:
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

    private mutating func gating(_ event: Event, _ now: Timestamp) -> [Action]? {
        guard case .judged(let verdict) = event else { return nil }
        if verdict.accepted {
            return enter(
                .registering,
                "The gate accepted the candidate: \(verdict.reason)",
                evidence: verdict.evidence,
                now
            )
        }
        return finish(.rejected, "The gate kept the champion: \(verdict.reason)", evidence: verdict.evidence, now)
    }

    private mutating func registering(_ event: Event, _ now: Timestamp) -> [Action]? {
        guard case .registered(let version) = event else { return nil }
        progress.version = version
        return enter(
            .rollingOut,
            "Registered as version \(version).",
            links: ["version": .integer(Int64(version))],
            now
        )
    }

    private mutating func rollingOut(_ event: Event, _ now: Timestamp) -> [Action]? {
        switch event {
        case .rolloutRequested:
            return rolloutBegins()
        case .rollout(.notStarted):
            return rolloutNotStarted(now)
        case .rollout(let rollout):
            // A rollout that is there although nobody recorded the order was ordered just before a crash.
            let begins = progress.rolloutRequested ? [] : rolloutBegins()
            return begins + rolloutRead(rollout, now)
        case .tick, .pipelineStarted, .pipeline, .judged, .registered, .effectFailed:
            return nil
        }
    }

    private mutating func rolloutBegins() -> [Action] {
        progress.rolloutRequested = true
        return [record("The alias points to the new version; the rollout begins.")]
    }

    private mutating func rolloutNotStarted(_ now: Timestamp) -> [Action]? {
        guard let version = progress.version else { return nil }
        // Asking before moving the alias matters after a crash: a rollout that has already ended must not be started
        // a second time.
        guard progress.rolloutRequested else {
            return [.perform(.startRollout(version: version))]
        }
        if now - progress.enteredAt > LoopLimits.rolloutPickupTimeout {
            return finish(.failed, "No deployment took up version \(version); declare one for this alias.", now)
        }
        return []
    }

    private mutating func rolloutRead(_ rollout: RolloutProgress, _ now: Timestamp) -> [Action] {
        guard let version = progress.version else { return [] }
        switch rollout {
        case .notStarted:
            return []
        case .progressing(let weight):
            guard weight != progress.weight else { return [] }
            progress.weight = weight
            return [
                record(
                    "Version \(version) receives \(weight) % of the traffic.",
                    evidence: ["weight": .integer(Int64(weight))]
                )
            ]
        case .promoted:
            progress.weight = 100
            return finish(.promoted, "Version \(version) serves all traffic.", now)
        case .rolledBack(let reason):
            progress.weight = 0
            return finish(.rolledBack, "Version \(version) was rolled back: \(reason)", now)
        }
    }

    private mutating func effectFailed(_ message: String, transient: Bool, _ now: Timestamp) -> [Action] {
        guard !progress.state.isFinal else { return [] }
        guard transient else {
            return finish(.failed, "The step \"\(progress.state.title)\" failed: \(message)", now)
        }
        guard progress.failures < LoopLimits.maximumStepFailures else {
            return finish(
                .failed,
                "The step \"\(progress.state.title)\" failed \(progress.failures + 1) times: \(message)",
                now
            )
        }
        let delay = min(LoopLimits.firstRetryDelay * (1 << progress.failures), LoopLimits.longestRetryDelay)
        progress.failures += 1
        progress.retryAt = now + delay
        return [
            record(
                "The step \"\(progress.state.title)\" failed and is repeated: \(message)",
                evidence: ["failures": .integer(Int64(progress.failures))]
            )
        ]
    }

    private mutating func enter(
        _ state: LoopState,
        _ message: String,
        evidence: JSONObject = [:],
        links: JSONObject = [:],
        _ now: Timestamp
    ) -> [Action] {
        progress.state = state
        progress.enteredAt = now
        return [record(message, evidence: evidence, links: links)]
    }

    private mutating func finish(
        _ state: LoopState,
        _ message: String,
        evidence: JSONObject = [:],
        _ now: Timestamp
    ) -> [Action] {
        progress.finishedAt = now
        progress.failures = 0
        progress.retryAt = nil
        return enter(state, message, evidence: evidence, now)
    }

    private func record(_ message: String, evidence: JSONObject = [:], links: JSONObject = [:]) -> Action {
        .record(Entry(state: progress.state, message: message, evidence: evidence, links: links))
    }
}
