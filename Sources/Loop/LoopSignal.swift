package import Core

/// Why a loop is wanted: what was seen, by whom, with the evidence that was at hand.
package struct LoopSignal: Sendable, Equatable {
    /// What kind of observation opened the loop.
    package enum Kind: String, Sendable, Equatable, CaseIterable {
        /// A monitor's verdict changed to drift.
        case drift
        /// A monitor found that predictions got worse, or a dataset failed its checks.
        case quality
        /// A time that the trigger's schedule names has come.
        case schedule
        /// A dataset has new rows.
        case data
        /// Somebody moved an alias.
        case alias
        /// Another system called the trigger's webhook.
        case webhook
        /// A person or a client asked for it.
        case hand
    }

    /// What kind of observation this is.
    package let kind: Kind
    /// One sentence for people, such as "Monitor cancer-drift reports drift (MMD p = 0.002)".
    package let message: String
    /// The figures behind the sentence.
    package let evidence: JSONObject

    /// Makes a signal from an observation and its evidence.
    package init(kind: Kind, message: String, evidence: JSONObject = [:]) {
        self.kind = kind
        self.message = message
        self.evidence = evidence
    }
}

/// A signal that waits for the guards of a trigger, kept in the database until a loop answers it or its source withdraws it.
package struct StandingSignal: Sendable, Equatable {
    /// What raised it, such as `monitor:cancer-drift`; a later signal of the same source takes its place.
    package let source: String
    /// The signal.
    package let signal: LoopSignal
    /// When it was raised.
    package let at: Timestamp

    /// Makes a standing signal.
    package init(source: String, signal: LoopSignal, at: Timestamp) {
        self.source = source
        self.signal = signal
        self.at = at
    }
}
