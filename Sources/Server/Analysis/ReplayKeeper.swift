package import Core
package import Replay
package import Rollouts

/// Has a gate's replay made, and tells the rollout what it says.
///
/// The key of a replay names the rollout, the beginning of the stage and the attempt, so that a restarted server finds
/// it again. One that decided nothing is followed by another after a while: the ledger may know more by then.
package struct ReplayKeeper: Sendable {
    private let replays: ReplayService
    private let model: @Sendable (_ deployment: String) async throws -> String
    private let clock: Clock

    /// A keeper; `model` finds the registered model that a deployment serves.
    package init(
        replays: ReplayService,
        model: @escaping @Sendable (_ deployment: String) async throws -> String,
        clock: Clock
    ) {
        self.replays = replays
        self.model = model
        self.clock = clock
    }

    /// What the gate's replay says, which is begun when it has to be.
    ///
    /// - Throws: `resourceExhausted` when the queue of replays is full.
    package func measure(_ gate: Rollouts.ReplayGate, _ question: RolloutQuestion) async throws -> ExternalMeasurement {
        let attempt = attempt(of: question)
        if let record = try await replays.replay(key: Self.key(question, attempt)) { return Self.measurement(record) }
        // The attempt before goes on as long as it needs.
        if attempt > 0, let earlier = try await replays.replay(key: Self.key(question, attempt - 1)),
            !earlier.state.isFinal || earlier.verdict == .pass || earlier.verdict == .fail
        {
            return Self.measurement(earlier)
        }
        let request = ReplayRequest(
            deployment: question.deployment,
            model: try await model(question.deployment),
            version: question.candidate,
            since: clock.now - gate.since,
            until: clock.now + .milliseconds(1),
            limit: max(ReplayLimits.defaultRows, min(gate.minimumRows, ReplayLimits.rows)),
            gate: Self.bounds(gate)
        )
        let record = try await replays.start(
            request,
            key: Self.key(question, attempt),
            requestedBy: "rollout \(question.rollout)"
        )
        return Self.measurement(record)
    }

    private func attempt(of question: RolloutQuestion) -> Int64 {
        let passed = max(0, clock.now.milliseconds - question.stepStartedAt.milliseconds)
        return passed / (AnalysisLimits.replayAgainSeconds * 1000)
    }

    private static func key(_ question: RolloutQuestion, _ attempt: Int64) -> String {
        "rollout \(question.rollout) \(question.stepStartedAt.milliseconds) \(attempt)"
    }

    /// Labels decide where there are enough of them; without them agreement does, where it is asked for.
    package static func bounds(_ gate: Rollouts.ReplayGate) -> ReplayBounds {
        ReplayBounds(
            minimumRows: gate.minimumRows,
            minimumAgreement: gate.minimumAgreement,
            maximumDrop: gate.maximumDrop,
            requiresLabels: gate.minimumAgreement == nil,
            maximumLatencyRatio: gate.maximumLatencyRatio
        )
    }

    /// What a replay means to a rollout: nothing but a pass passes.
    package static func measurement(_ record: ReplayRecord) -> ExternalMeasurement {
        let verdict = record.report?["verdict"]?["message"]?.stringValue
        let agreement = record.report?["agreement"]?["agreement"]?["value"]?.doubleValue
        let rows = record.report?["rows"]?.integerValue.map { Int($0) }
        var measurement = ExternalMeasurement(
            takenAt: record.finishedAt ?? record.startedAt ?? record.createdAt,
            value: agreement,
            outcome: .undecided,
            samples: rows
        )
        switch record.state {
        case .queued: measurement.message = "the replay \(record.id) waits for its turn"
        case .running:
            measurement.message = "the replay \(record.id) has read \(record.rowsRead) predictions"
        case .failed:
            measurement.isError = true
            measurement.message = "the replay \(record.id) failed: \(record.message)"
        case .cancelled: measurement.message = "the replay \(record.id) was \(record.message)"
        case .succeeded:
            if record.verdict == .pass { measurement.outcome = .pass }
            if record.verdict == .fail { measurement.outcome = .fail }
            let word = record.verdict?.rawValue.replacing("_", with: " ") ?? "nothing"
            measurement.message = "\(word): \(verdict ?? "")"
        }
        return measurement
    }
}
