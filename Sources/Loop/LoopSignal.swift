package import Core

/// Why a loop is wanted: what was seen, by whom, with the evidence that was at hand.
package struct LoopSignal: Sendable, Equatable {
    /// What kind of observation opened the loop.
    package enum Kind: String, Sendable, Equatable, CaseIterable {
        /// A monitor's verdict changed to drift.
        case drift
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
