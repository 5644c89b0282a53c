package import Core

/// One label on its way to its prediction.
package struct FeedbackItem: Sendable, Equatable {
    /// Which predictions it is for.
    package enum Subject: Sendable, Equatable {
        /// The prediction of this id.
        case request(id: String, deployment: String?)
        /// The predictions that a deployment made of an entity within `window` before `at`.
        case entity(deployment: String, key: String, at: Timestamp, window: Duration)
    }

    /// Which predictions it is for.
    package let subject: Subject
    /// What the client sent: a class by name or index, or a number.
    package let label: JSONValue
    /// When the truth was observed; nil for now.
    ///
    /// Of several labels the one observed last holds.
    package let observedAt: Timestamp?

    /// Makes an item.
    package init(subject: Subject, label: JSONValue, observedAt: Timestamp? = nil) {
        self.subject = subject
        self.label = label
        self.observedAt = observedAt
    }
}

/// What came of a label at one prediction, or of one that found none.
package enum FeedbackOutcome: String, Sendable, CaseIterable {
    /// It is the prediction's first label.
    case stored
    /// It replaced another label, which is kept in the history.
    case corrected
    /// The same label, observed later than before.
    case confirmed
    /// Observed before the label that holds; kept in the history.
    case superseded
    /// It was known already; nothing changed.
    case duplicate
    /// There is no such prediction yet; it is kept until there is.
    case pending
    /// It waits already; nothing changed.
    case alreadyPending = "already_pending"
    /// The prediction was not kept, because only a sample is; the label is not kept either.
    case sampledOut = "sampled_out"
    /// It is no label of the model that made the prediction.
    case rejected
    /// It waited in vain for its prediction.
    case expired
}

/// What is answered for one label.
package struct FeedbackAnswer: Sendable, Equatable {
    /// What came of it.
    package let outcome: FeedbackOutcome
    /// The predictions that it was joined to.
    package let ids: [String]
    /// The label as it is kept; nil while its prediction is not known.
    package let label: String?
    /// The label that it replaced, or that holds instead.
    package let other: String?

    /// Makes an answer.
    package init(outcome: FeedbackOutcome, ids: [String] = [], label: String? = nil, other: String? = nil) {
        self.outcome = outcome
        self.ids = ids
        self.label = label
        self.other = other
    }
}

/// A label that a prediction has or had.
package struct LabelEvent: Sendable, Equatable {
    /// The label.
    package let label: String
    /// When the truth was observed.
    package let observedAt: Timestamp
    /// When it came.
    package let receivedAt: Timestamp
    /// Whether it is the one that holds.
    package let isCurrent: Bool

    /// Makes an event.
    package init(label: String, observedAt: Timestamp, receivedAt: Timestamp, isCurrent: Bool) {
        self.label = label
        self.observedAt = observedAt
        self.receivedAt = receivedAt
        self.isCurrent = isCurrent
    }
}

/// A prediction whose label has just come or changed.
package struct LabelChange: Sendable, Equatable {
    /// The prediction, with the label that holds now.
    package let record: LedgerRecord
    /// The label that it had before; nil when this is its first.
    package let previous: String?

    /// Makes a change.
    package init(record: LedgerRecord, previous: String?) {
        self.record = record
        self.previous = previous
    }
}
