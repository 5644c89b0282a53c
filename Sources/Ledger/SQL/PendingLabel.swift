import Core
import Storage

/// A label that waits for predictions which are not there yet.
struct PendingLabel {
    let number: Int64
    let subject: String
    /// The deployment that a label by id named, or that of the entity; nil for any.
    let deployment: String?
    /// The moments between which an entity was asked about: after the first, not after the second.
    let window: (from: Timestamp, until: Timestamp)?
    let label: JSONValue
    let observedAt: Timestamp
    /// Whether the client said when the truth was observed.
    let isTimed: Bool
    let receivedAt: Timestamp

    /// The subject of a prediction's id.
    static func subject(id: String) -> String { "i\u{1F}\(id)" }

    /// The subject of a deployment's entity.
    static func subject(deployment: String, entity: String) -> String { "e\u{1F}\(deployment)\u{1F}\(entity)" }

    /// What a label is filed under.
    static func subject(of subject: FeedbackItem.Subject) -> String {
        switch subject {
        case .request(let id, _): Self.subject(id: id)
        case .entity(let deployment, let key, _, _): Self.subject(deployment: deployment, entity: key)
        }
    }

    init(_ row: Row) throws {
        number = try row.int("number")
        subject = try row.text("subject")
        deployment = row.optionalText("deployment")
        window = row.optionalTimestamp("from_at").flatMap { from in
            row.optionalTimestamp("until_at").map { (from, $0) }
        }
        label = try row.json("label")
        observedAt = try row.timestamp("observed_at")
        isTimed = try row.bool("is_timed")
        receivedAt = try row.timestamp("received_at")
    }

    /// Whether it is for this prediction, whose subject is known to fit.
    func fits(_ record: LedgerRecord) -> Bool {
        if let deployment, deployment != record.deployment { return false }
        guard let window else { return true }
        return record.createdAt > window.from && record.createdAt <= window.until
    }

    /// Whether the item says the same.
    func says(_ item: FeedbackItem) -> Bool {
        guard label == item.label else { return false }
        let isSameTime = item.observedAt.map { isTimed && $0 == observedAt } ?? !isTimed
        switch item.subject {
        case .request(_, let deployment): return isSameTime && deployment == self.deployment
        case .entity(_, _, let at, let span):
            return isSameTime && window.map { $0.until == at && $0.from == at - span } == true
        }
    }
}
