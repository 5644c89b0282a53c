package import Rollouts

/// An alias that a deployment has decided to point at another version.
///
/// It is stored with the decision and taken away with the line of history that tells of it, so that a server killed in
/// between does it once.
package struct AliasMove: Sendable, Equatable {
    /// Its id.
    package let id: String
    /// The model.
    package let model: String
    /// The alias.
    package let alias: String
    /// The version it must name for the move to happen.
    package let from: Int
    /// The version it shall name.
    package let to: Int
}

/// What one decision changes.
package struct DeploymentChange: Sendable {
    /// The versions that serve.
    package struct Serving: Sendable, Equatable {
        /// The trusted version.
        package var stable: Int
        /// The version before it, to which one may return.
        package var previous: Int?
    }

    /// A version that must not be tried again, and why.
    package struct Rejection: Sendable, Equatable {
        /// The version.
        package var version: Int
        /// The reason, for people.
        package var reason: String
    }

    /// A line of the deployment's history.
    package struct Event: Sendable, Equatable {
        /// What kind of line it is.
        package enum Kind: String, Sendable, CaseIterable {
            /// A rollout began.
            case rolloutStarted = "rollout_started"
            /// The candidate's share changed, or its step's checks pass.
            case step
            /// An operator holds the weights.
            case paused
            /// An operator lets the rollout go on.
            case resumed
            /// A step asks for a person's word.
            case awaitingConfirmation = "awaiting_confirmation"
            /// A person gave it.
            case confirmed
            /// A step ended without a verdict.
            case inconclusive
            /// The candidate serves everything and is still watched.
            case watching
            /// The candidate is the trusted version.
            case promoted
            /// Traffic went back to the version before.
            case rolledBack = "rolled_back"
            /// The rollout was ended by hand, or by a newer version.
            case aborted
            /// A rejected version is allowed again.
            case pardoned
            /// A version serves without a rollout.
            case serving
            /// Anything else worth a line.
            case note
        }

        /// The rollout it belongs to, if any.
        package var rollout: String?
        /// What happened, for people.
        package var note: String
        /// The evidence that led to it.
        package var evidence: EvidenceSnapshot?
        /// What kind of line it is.
        package var kind: Kind
        /// Who asked for it; nil for the server itself.
        package var by: String?

        /// Makes a line.
        package init(
            rollout: String?,
            note: String,
            evidence: EvidenceSnapshot?,
            kind: Kind = .note,
            by: String? = nil
        ) {
            self.rollout = rollout
            self.note = note
            self.evidence = evidence
            self.kind = kind
            self.by = by
        }
    }

    /// The deployment.
    package let deployment: String
    /// New serving versions; nil when they stay.
    package var serving: Serving?
    /// Newly rejected versions.
    package var rejected: [Rejection] = []
    /// Versions that an operator allows again.
    package var pardoned: [Int] = []
    /// The rollout's new state.
    package var rollout: RolloutRecord?
    /// Lines for the history.
    package var events: [Event] = []
    /// An alias move that is to follow.
    package var aliasMove: AliasMove?
    /// Alias moves that are done with, by id.
    package var settledMoves: [String] = []

    /// A change of nothing yet.
    package init(_ deployment: String) {
        self.deployment = deployment
    }
}
