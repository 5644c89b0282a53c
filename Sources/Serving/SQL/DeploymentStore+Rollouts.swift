package import Core
package import Rollouts
import Storage

/// A rollout as stored: enough to resume it after a restart.
package struct RolloutRecord: Sendable, Equatable {
    /// The rollout's id.
    package let id: String
    /// The deployment.
    package let deployment: String
    /// The machine that decides.
    package let machine: RolloutStateMachine

    /// Makes a record.
    package init(id: String, deployment: String, machine: RolloutStateMachine) {
        self.id = id
        self.deployment = deployment
        self.machine = machine
    }
}

/// A line of a deployment's history.
package struct DeploymentEvent: Sendable, Equatable {
    /// Its place in the history.
    package let seq: Int64
    /// When it happened.
    package let at: Timestamp
    /// The rollout it belongs to, if any.
    package let rollout: String?
    /// What happened.
    package let note: String
    /// The evidence that led to it, as JSON; nil without.
    package let evidence: JSONValue?
}

/// A version that served, and since when.
package struct DeploymentRevision: Sendable, Equatable {
    /// 1 for the first.
    package let revision: Int64
    /// The version.
    package let version: Int
    /// When it became the trusted version.
    package let since: Timestamp
}

extension DeploymentStore {
    static func save(_ rollout: RolloutRecord, now: Timestamp, _ connection: Connection) throws(MartletError) {
        let machine = rollout.machine
        let (reasonCode, reason) = machine.state.reason.map { ($0.code, $0.message) } ?? (nil, nil)
        let changing: [SQLValue] = [
            .text(machine.state.name), SQLValue(machine.state.step.map(Int64.init)), SQLValue(reasonCode),
            SQLValue(reason), .integer(machine.stepStartedAt.milliseconds), .integer(now.milliseconds),
            .text(machine.evidence.json.description),
        ]
        let changed = try connection.execute(
            """
            UPDATE rollouts SET state = ?, step = ?, reason_code = ?, reason = ?, step_started_at = ?,
                updated_at = ?, evidence = ? WHERE id = ?
            """,
            changing + [.text(rollout.id)]
        )
        guard changed == 0 else { return }
        let name = SQLValue.text(rollout.deployment)
        try connection.execute(
            """
            INSERT INTO rollouts (state, step, reason_code, reason, step_started_at, updated_at, evidence,
                id, deployment, seq, spec, stable_version, candidate_version, started_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            changing + [
                .text(rollout.id), name, .integer(try next("rollouts", "seq", name, connection)),
                .text(machine.spec.json.description), .int(machine.stable), .int(machine.candidate ?? machine.stable),
                .integer(machine.startedAt.milliseconds),
            ]
        )
    }

    /// Rollouts of a deployment, newest first.
    package func rollouts(_ deployment: String, limit: Int) async throws(MartletError) -> [RolloutRecord] {
        try await read { connection in
            try connection.query(
                "SELECT * FROM rollouts WHERE deployment = ? ORDER BY seq DESC LIMIT ?",
                [.text(deployment), .int(limit)]
            ).map(RolloutRecord.init)
        }
    }

    /// The newest rollout of one version; nil when it never had one.
    package func rollout(_ deployment: String, candidate: Int) async throws(MartletError) -> RolloutRecord? {
        try await read { connection in
            try connection.first(
                "SELECT * FROM rollouts WHERE deployment = ? AND candidate_version = ? ORDER BY seq DESC LIMIT 1",
                [.text(deployment), .int(candidate)]
            ).map(RolloutRecord.init)
        }
    }

    /// The newest lines of a deployment's history, newest first.
    package func events(_ deployment: String, limit: Int) async throws(MartletError) -> [DeploymentEvent] {
        try await read { connection in
            try connection.query(
                "SELECT * FROM deployment_events WHERE deployment = ? ORDER BY seq DESC LIMIT ?",
                [.text(deployment), .int(min(limit, ServingLimits.eventsPerPage))]
            ).map { row in
                DeploymentEvent(
                    seq: try row.int("seq"),
                    at: try row.timestamp("at"),
                    rollout: row.optionalText("rollout"),
                    note: try row.text("note"),
                    evidence: try row.optionalText("evidence").map { try JSONValue.parse($0) }
                )
            }
        }
    }

    /// The versions that served, newest first.
    package func revisions(_ deployment: String, limit: Int) async throws(MartletError) -> [DeploymentRevision] {
        try await read { connection in
            try connection.query(
                "SELECT * FROM deployment_revisions WHERE deployment = ? ORDER BY revision DESC LIMIT ?",
                [.text(deployment), .int(limit)]
            ).map { row in
                DeploymentRevision(
                    revision: try row.int("revision"),
                    version: Int(try row.int("version")),
                    since: try row.timestamp("since")
                )
            }
        }
    }
}

extension RolloutRecord {
    init(_ row: Row) throws(MartletError) {
        let state = try RolloutStateMachine.State(
            name: row.text("state"),
            step: row.optionalInt("step").map { Int($0) } ?? 0,
            reason: RolloutReason(row.optionalText("reason_code") ?? "", row.optionalText("reason") ?? "")
        )
        self.init(
            id: try row.text("id"),
            deployment: try row.text("deployment"),
            machine: RolloutStateMachine(
                spec: try RolloutSpec(fields: JSONFields(try row.json("spec"), path: "rollout")),
                stable: Int(try row.int("stable_version")),
                candidate: Int(try row.int("candidate_version")),
                state: state,
                startedAt: try row.timestamp("started_at"),
                stepStartedAt: try row.timestamp("step_started_at"),
                evidence: try EvidenceSnapshot(json: try row.json("evidence"))
            )
        )
    }
}
