import Core
import Rollouts
import Storage

extension DeploymentChange {
    /// Writes everything that the decision changes, within the caller's transaction.
    func store(_ now: Timestamp, _ connection: Connection) throws(MartletError) {
        let name = SQLValue.text(deployment)
        if isDecision { try note(connection) }
        if let serving { try store(serving, name, now, connection) }
        for rejected in rejected {
            try connection.execute(
                """
                INSERT INTO deployment_rejections (deployment, version, reason, rejected_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (deployment, version) DO UPDATE
                SET reason = excluded.reason, rejected_at = excluded.rejected_at
                """,
                [name, .int(rejected.version), .text(rejected.reason), .integer(now.milliseconds)]
            )
        }
        for version in pardoned {
            try connection.execute(
                "DELETE FROM deployment_rejections WHERE deployment = ? AND version = ?",
                [name, .int(version)]
            )
        }
        if let rollout { try DeploymentStore.save(rollout, now: now, connection) }
        try storeMoves(name, now, connection)
        for event in events {
            try connection.execute(
                """
                INSERT INTO deployment_events (deployment, seq, at, rollout, note, evidence)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    name, .integer(try DeploymentStore.next("deployment_events", "seq", name, connection)),
                    .integer(now.milliseconds), SQLValue(event.rollout), .text(event.note),
                    SQLValue(event.evidence?.json.description),
                ]
            )
        }
    }

    /// Tells the audit log what is decided.
    private func note(_ connection: Connection) throws(MartletError) {
        let old = try connection.first(
            "SELECT stable_version, previous_version FROM deployments WHERE name = ?",
            [.text(deployment)]
        )
        let before: JSONValue = [
            "stable": .optional(old?.optionalInt("stable_version")),
            "previous": .optional(old?.optionalInt("previous_version")),
        ]
        connection.note(Change(object: "deployment:\(deployment)", before: before, after: noted))
    }

    private func store(
        _ versions: Serving,
        _ name: SQLValue,
        _ now: Timestamp,
        _ connection: Connection
    ) throws(MartletError) {
        try connection.execute(
            "UPDATE deployments SET stable_version = ?, previous_version = ?, updated_at = ? WHERE name = ?",
            [.int(versions.stable), SQLValue(versions.previous.map(Int64.init)), .integer(now.milliseconds), name]
        )
        let revision = try DeploymentStore.next("deployment_revisions", "revision", name, connection)
        try connection.execute(
            "INSERT INTO deployment_revisions (deployment, revision, version, since) VALUES (?, ?, ?, ?)",
            [name, .integer(revision), .int(versions.stable), .integer(now.milliseconds)]
        )
    }

    private func storeMoves(_ name: SQLValue, _ now: Timestamp, _ connection: Connection) throws(MartletError) {
        for id in settledMoves {
            try connection.execute("DELETE FROM deployment_alias_moves WHERE id = ?", [.text(id)])
        }
        guard let move = aliasMove else { return }
        try connection.execute(
            """
            INSERT INTO deployment_alias_moves (id, deployment, model, alias, from_version, to_version, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(move.id), name, .text(move.model), .text(move.alias), .int(move.from), .int(move.to),
                .integer(now.milliseconds),
            ]
        )
    }
}
