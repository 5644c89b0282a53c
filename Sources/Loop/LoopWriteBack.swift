package import Core

/// One outcome to be written to Git, once per key.
package struct LoopWriteBack: Sendable, Equatable {
    /// The loop's id: the commit that carries it is the answer to a second call.
    package let key: String
    /// The trigger.
    package let trigger: String
    /// The trigger's `gitops:` section as it was written.
    package let gitops: JSONObject
    /// What came out: `promoted`.
    package let outcome: String
    /// The registered model.
    package let model: String
    /// The alias that was moved.
    package let alias: String
    /// The deployment that serves the version, where it is known.
    package var deployment: String?
    /// The version that serves now: the value to write.
    package let version: Int
    /// The version that served before; nil for none.
    package let champion: Int?
    /// Why the loop was opened, for people.
    package let reason: String
    /// The candidate's metrics as the gate judged them, in the rule's order.
    package let metrics: [(name: String, value: Double)]
    /// The champion's.
    package let championMetrics: [(name: String, value: Double)]
    /// Who approved.
    package let approvers: [String]

    package static func == (left: LoopWriteBack, right: LoopWriteBack) -> Bool {
        left.key == right.key && left.gitops == right.gitops && left.version == right.version
    }
}

/// The commit that tells of an outcome.
package struct LoopCommit: Sendable, Equatable {
    /// The commit's hash.
    package let commit: String
    /// The branch that it is on.
    package let branch: String
    /// Whether the file said something else before.
    package let changed: Bool

    /// Makes a receipt.
    package init(commit: String, branch: String, changed: Bool) {
        self.commit = commit
        self.branch = branch
        self.changed = changed
    }
}
