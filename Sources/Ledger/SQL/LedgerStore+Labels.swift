package import Core
import Storage

/// What came of several labels.
package struct LabelResults: Sendable {
    /// What is answered for each, in order; nil for a label whose prediction is not known and that was not to be kept.
    package var answers: [Result<FeedbackAnswer, MartletError>?] = []
    /// The predictions whose label has come or changed.
    package var changes: [LabelChange] = []
}

extension LedgerStore {
    /// Joins labels to predictions in one transaction; one that is wrong leaves the others as they are.
    ///
    /// - Parameters:
    ///   - items: The labels.
    ///   - now: The time.
    ///   - keepsUnknown: Whether labels without a prediction are kept until it comes.
    ///   - classes: The classes of versions that have no schema.
    ///   - isSampledOut: Tells whether the rows of an id are not kept, by any deployment or by the one that is named.
    /// - Returns: what came of them.
    /// - Throws: What the database throws; then nothing was stored.
    package func label(
        _ items: [FeedbackItem],
        now: Timestamp,
        keepsUnknown: Bool,
        classes: @escaping Classes = { _, _ in nil },
        isSampledOut: @escaping @Sendable (_ id: String, _ deployment: String?) -> Bool = { _, _ in false }
    ) async throws(MartletError) -> LabelResults {
        try await write { connection in
            var results = LabelResults()
            var joining = LabelJoining(classes: classes)
            var room = keepsUnknown ? LedgerLimits.pendingLabels - (try Self.pendingCount(connection)) : 0
            for item in items {
                do {
                    if let answer = try Self.join(item, now: now, &joining, connection) {
                        results.answers.append(.success(answer))
                    } else if keepsUnknown {
                        results.answers.append(
                            try Self.keepUnknown(item, now: now, &room, isSampledOut, connection)
                        )
                    } else {
                        results.answers.append(nil)
                    }
                } catch let error as MartletError where error.code == .invalidArgument {
                    results.answers.append(.failure(error))
                }
            }
            try Self.apply(joining.deltas, connection)
            for deployment in joining.touched {
                try connection.execute(
                    "UPDATE ledger_deployments SET revision = revision + 1 WHERE deployment = ?",
                    [.text(deployment)]
                )
            }
            results.changes = joining.changes
            return results
        }
    }

    private static func keepUnknown(
        _ item: FeedbackItem,
        now: Timestamp,
        _ room: inout Int64,
        _ isSampledOut: (String, String?) -> Bool,
        _ connection: Connection
    ) throws -> Result<FeedbackAnswer, MartletError> {
        if case .request(let id, let deployment) = item.subject, isSampledOut(id, deployment) {
            return .success(FeedbackAnswer(outcome: .sampledOut))
        }
        guard room > 0 else {
            return .failure(
                MartletError(
                    .resourceExhausted,
                    "There is no such prediction, and \(LedgerLimits.pendingLabels) labels wait for theirs already; this "
                        + "one was not kept."
                )
            )
        }
        let isNew = try keep(item, joined: false, now: now, connection)
        if isNew { room -= 1 }
        return .success(FeedbackAnswer(outcome: isNew ? .pending : .alreadyPending))
    }

    /// Joins one label to the predictions that are there; nil when there are none.
    private static func join(
        _ item: FeedbackItem,
        now: Timestamp,
        _ joining: inout LabelJoining,
        _ connection: Connection
    ) throws -> FeedbackAnswer? {
        let rows = try rows(of: item.subject, connection)
        guard !rows.isEmpty else { return nil }
        // First every row's own word for the label, then all rows: a label that one version does not know joins none.
        var texts: [String] = []
        for row in rows { texts.append(try joining.canonical(item.label, for: row.record, connection)) }
        var answers: [FeedbackAnswer] = []
        for (row, text) in zip(rows, texts) {
            var row = row
            answers.append(
                try joining.join(text, observedAt: item.observedAt, receivedAt: now, to: &row, connection)
            )
        }
        if case .entity = item.subject, answers.contains(where: { $0.outcome != .duplicate }) {
            _ = try keep(item, joined: true, now: now, connection)
        }
        let order: [FeedbackOutcome] = [.stored, .corrected, .confirmed, .superseded, .duplicate]
        let main = order.lazy.compactMap { outcome in answers.first { $0.outcome == outcome } }.first
        guard let main else { return nil }
        var ids: [String] = []
        for id in answers.flatMap(\.ids) where !ids.contains(id) { ids.append(id) }
        return FeedbackAnswer(outcome: main.outcome, ids: ids, label: main.label, other: main.other)
    }

    private static func rows(of subject: FeedbackItem.Subject, _ connection: Connection) throws -> [LedgerRow] {
        switch subject {
        case .request(let id, let deployment):
            let rows = try rows(id: id, connection)
            if let deployment, let found = rows.first?.record.deployment, found != deployment {
                throw MartletError(
                    .invalidArgument,
                    "The prediction '\(id)' was made by the deployment '\(found)', not by '\(deployment)'."
                )
            }
            return rows
        case .entity(let deployment, let key, let at, let window):
            return try rows(entity: key, of: deployment, after: at - window, until: at, connection)
        }
    }

    /// The rows of an id: its prediction and the mirrored ones, the newest if the id was used again much later.
    static func rows(id: String, _ connection: Connection) throws -> [LedgerRow] {
        guard
            let found = try connection.first(
                """
                SELECT s.segment AS found FROM ledger_segments s CROSS JOIN ledger_rows r
                WHERE r.segment = s.segment AND r.id = ? ORDER BY s.segment DESC LIMIT 1
                """,
                [.text(id)]
            )
        else { return [] }
        let segment = try found.int("found")
        let rows = try connection.ledgerRows(
            "ledger_rows WHERE segment IN (?, ?) AND id = ? ORDER BY created_at DESC, seq DESC",
            [.integer(segment), .integer(segment - 1), .text(id)]
        )
        let newest = rows.first?.position.createdAt
        return rows.filter { $0.position.createdAt == newest }.sorted { left, right in
            let (leftIsMirror, rightIsMirror) = (left.record.arm == .shadow, right.record.arm == .shadow)
            return leftIsMirror == rightIsMirror ? left.position < right.position : rightIsMirror
        }
    }

    private static func rows(
        entity: String,
        of deployment: String,
        after: Timestamp,
        until: Timestamp,
        _ connection: Connection
    ) throws -> [LedgerRow] {
        let segments = try connection.query(
            "SELECT segment FROM ledger_segments WHERE first_at <= ? AND last_at > ? ORDER BY segment DESC",
            [.integer(until.milliseconds), .integer(after.milliseconds)]
        ).map { SQLValue.integer(try $0.int("segment")) }
        var rows: [LedgerRow] = []
        for chunk in SQLFragment.isInChunks("segment", segments) {
            // The deployment is compared as an expression, so that the index by entity is taken and not the one by time.
            rows += try connection.ledgerRows(
                """
                ledger_rows WHERE \(chunk.sql) AND entity = ? AND (deployment || '') = ? AND created_at > ?
                AND created_at <= ? LIMIT \(LedgerLimits.entityRows + 1)
                """,
                chunk.arguments + [
                    .text(entity), .text(deployment), .integer(after.milliseconds), .integer(until.milliseconds),
                ]
            )
            guard rows.count <= LedgerLimits.entityRows else {
                throw MartletError(
                    .invalidArgument,
                    "More than \(LedgerLimits.entityRows) predictions were made of this entity in this time; "
                        + "narrow 'window'."
                )
            }
        }
        return rows.sorted { $0.position < $1.position }
    }

    /// The prediction `id`; nil when there is none.
    package func find(_ id: String) async throws(MartletError) -> LedgerRecord? {
        try await read { connection in try Self.rows(id: id, connection).first?.record }
    }

    /// The prediction `id` with its mirrored rows, and every label it had, the one observed last first.
    package func story(_ id: String) async throws(MartletError) -> (rows: [LedgerRow], labels: [LabelEvent]) {
        try await read { connection in
            let rows = try Self.rows(id: id, connection)
            guard let row = rows.first else { return ([], []) }
            var labels = try connection.query(
                "SELECT * FROM ledger_labels WHERE seq = ? ORDER BY observed_at DESC, number DESC",
                [.integer(row.position.number)]
            ).map { row in
                LabelEvent(
                    label: try row.text("label"),
                    observedAt: try row.timestamp("observed_at"),
                    receivedAt: try row.timestamp("received_at"),
                    isCurrent: false
                )
            }
            if let label = row.record.label, let receivedAt = row.record.labelledAt {
                let current = LabelEvent(
                    label: label,
                    observedAt: row.record.observedAt ?? receivedAt,
                    receivedAt: receivedAt,
                    isCurrent: true
                )
                labels.insert(current, at: 0)
            }
            return (rows, labels)
        }
    }
}
