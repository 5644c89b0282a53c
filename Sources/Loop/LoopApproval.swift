package import Core

/// Before which step a person is asked.
package enum ApprovalStage: String, Sendable, Equatable, CaseIterable {
    /// Before the candidate becomes a version.
    case register
    /// Before the alias moves and traffic comes.
    case rollout
}

/// Whom a trigger asks before its loops go on.
package struct ApprovalRule: Sendable, Equatable {
    /// Before which steps.
    package let stages: [ApprovalStage]
    /// The names of those who may answer; empty for everybody who may operate.
    package let approvers: [String]
    /// Whether who fired the trigger by hand may approve its loop.
    package let allowsOwn: Bool
    /// How long the question stands; then the loop ends as rejected.
    package let expires: Duration

    /// Makes a rule.
    package init(stages: [ApprovalStage], approvers: [String] = [], allowsOwn: Bool = true, expires: Duration) {
        self.stages = stages
        self.approvers = approvers
        self.allowsOwn = allowsOwn
        self.expires = expires
    }

    /// Reads `approval: required` or the object with `before`, `by`, `own` and `expires`; nil when there is none.
    init?(_ fields: JSONFields) throws(MartletError) {
        guard let value = fields.value("approval") else { return nil }
        if let word = value.stringValue {
            guard word == "required" else {
                throw fields.invalid("approval", "must be 'required' or an object with before, by, own, expires")
            }
            self.init(stages: [.rollout], expires: LoopLimits.approvalExpires)
            return
        }
        let rule = try fields.fields("approval")
        try rule.rejectUnknown(["before", "by", "own", "expires"])
        let expires = try rule.optionalDuration("expires") ?? LoopLimits.approvalExpires
        guard expires >= .seconds(1) else { throw rule.invalid("expires", "must be at least 1s") }
        let approvers = try rule.texts("by")
        guard approvers.count <= LoopLimits.maximumApprovers, !approvers.contains("") else {
            throw rule.invalid("by", "must be 1 to \(LoopLimits.maximumApprovers) names")
        }
        self.init(
            stages: try Self.stages(rule),
            approvers: approvers,
            allowsOwn: try rule.optionalBool("own") ?? true,
            expires: expires
        )
    }

    private static func stages(_ rule: JSONFields) throws(MartletError) -> [ApprovalStage] {
        guard let value = rule.value("before") else { return [.rollout] }
        let words = value.arrayValue ?? [value]
        let stages = words.compactMap { $0.stringValue.flatMap(ApprovalStage.init) }
        guard !stages.isEmpty, stages.count == words.count, Set(stages).count == stages.count else {
            throw rule.invalid("before", "must be register, rollout or both in a list")
        }
        return ApprovalStage.allCases.filter(stages.contains)
    }

    /// Why somebody may not answer; nil when they may.
    ///
    /// - Parameters:
    ///   - name: who answers.
    ///   - signal: what opened the loop.
    /// - Returns: the reason, as a sentence.
    func objection(to name: String, signal: LoopSignal) -> String? {
        if !approvers.isEmpty, !approvers.contains(name) {
            return "'\(name)' is not among those who may answer: \(approvers.joined(separator: ", "))."
        }
        if !allowsOwn, signal.kind == .hand, signal.evidence["by"]?.stringValue == name {
            return "'\(name)' fired this loop; somebody else must answer."
        }
        return nil
    }
}

/// That somebody approved a step of a loop.
package struct LoopApproval: Sendable, Equatable {
    /// Which step.
    package let stage: ApprovalStage
    /// Who.
    package let by: String
    /// When.
    package let at: Timestamp
    /// What they said; empty for nothing.
    package let comment: String

    /// Makes an approval.
    package init(stage: ApprovalStage, by: String, at: Timestamp, comment: String) {
        self.stage = stage
        self.by = by
        self.at = at
        self.comment = comment
    }

    /// The approval as it is stored and shown.
    package var json: JSONValue {
        [
            "stage": .string(stage.rawValue), "by": .string(by), "at": .integer(at.milliseconds),
            "comment": .string(comment),
        ]
    }

    /// Reads what was stored.
    init(_ json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "approvals")
        guard let stage = ApprovalStage(rawValue: try fields.string("stage")) else {
            throw fields.invalid("stage", "is not known")
        }
        self.init(
            stage: stage,
            by: try fields.string("by"),
            at: Timestamp(milliseconds: try fields.int("at")),
            comment: try fields.optionalString("comment") ?? ""
        )
    }
}

/// That somebody cancelled a loop.
package struct LoopCancellation: Sendable, Equatable {
    /// Who.
    package let by: String
    /// Why; empty for no reason given.
    package let reason: String
    /// Where the loop stood.
    package let from: LoopState

    /// Makes a cancellation.
    package init(by: String, reason: String, from: LoopState) {
        self.by = by
        self.reason = reason
        self.from = from
    }

    /// The cancellation as it is stored and shown.
    package var json: JSONValue {
        ["by": .string(by), "reason": .string(reason), "from": .string(from.rawValue)]
    }

    /// Reads what was stored.
    init(_ json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "cancellation")
        guard let from = LoopState(rawValue: try fields.string("from")) else {
            throw fields.invalid("from", "is not known")
        }
        self.init(by: try fields.string("by"), reason: try fields.optionalString("reason") ?? "", from: from)
    }
}

extension JSONFields {
    /// A list of texts; unlike `strings`, one name alone is a list, too.
    func texts(_ key: String) throws(MartletError) -> [String] {
        if let text = value(key)?.stringValue { return [text] }
        return try strings(key)
    }
}
