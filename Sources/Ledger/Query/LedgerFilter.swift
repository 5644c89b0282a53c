/// A condition on rows of the ledger, written in a small language: `version = 3 AND wrong AND features."mean radius" > 20`.
package indirect enum LedgerFilter: Sendable, Equatable {
    /// Every row.
    case everything
    /// Both hold.
    case and(LedgerFilter, LedgerFilter)
    /// One holds, or both.
    case or(LedgerFilter, LedgerFilter)
    /// It does not hold.
    case not(LedgerFilter)
    /// A field compared with values.
    case compare(LedgerField, LedgerOperator, [LedgerOperand])
    /// A word that stands for a condition.
    case word(LedgerWord)
}

/// What a comparison looks at.
package enum LedgerField: Sendable, Equatable {
    case version, arm, rollout, step, via, prediction, score, latency, drift, time, entity, label, labelledAt
    case shadowVersion, shadowPrediction, shadowScore
    /// A column of the inputs.
    case feature(String)
}

/// How a field is compared.
package enum LedgerOperator: String, Sendable, Equatable {
    case equal = "="
    case unequal = "!="
    case less = "<"
    case atMost = "<="
    case greater = ">"
    case atLeast = ">="
    case isIn = "in"
    case isMissing = "is null"
    case isPresent = "is not null"
}

/// What a field is compared with.
package enum LedgerOperand: Sendable, Equatable {
    case number(Double)
    case text(String)
}

/// A condition by one word.
package enum LedgerWord: String, Sendable, Equatable, CaseIterable {
    /// It has a label.
    case labelled
    /// It has none yet.
    case unlabelled
    /// Its label is what was predicted.
    case right
    /// Its label is something else.
    case wrong
    /// It was answered while the monitor saw drift.
    case drifted
    /// Another version scored it as well.
    case shadowed
    /// Another version scored it, and answered something else.
    case disagreed
    /// Its inputs were cut.
    case cut
}
