import Core

extension LedgerFilter {
    /// Whether a row meets it.
    ///
    /// - Parameters:
    ///   - record: The row.
    ///   - schemas: What the rows of each version mean.
    /// - Returns: whether it does.
    func holds(_ record: LedgerRecord, _ schemas: [Int: LedgerSchema]) -> Bool {
        switch self {
        case .everything: true
        case .and(let left, let right): left.holds(record, schemas) && right.holds(record, schemas)
        case .or(let left, let right): left.holds(record, schemas) || right.holds(record, schemas)
        case .not(let inner): !inner.holds(record, schemas)
        case .word(let word): word.holds(record)
        case .compare(let field, let operation, let operands):
            switch field.value(of: record, schemas) {
            case nil: operation == .isMissing
            case let value?: operation.holds(value, operands)
            }
        }
    }
}

extension LedgerField {
    /// What a row has there; nil when it has nothing.
    fileprivate func value(of record: LedgerRecord, _ schemas: [Int: LedgerSchema]) -> LedgerOperand? {
        switch self {
        case .version: .number(Double(record.version))
        case .arm: .text(record.arm.rawValue)
        case .rollout: record.rollout.map(LedgerOperand.text)
        case .step: .number(Double(record.step))
        case .via: .text(record.via)
        case .prediction: .text(record.prediction)
        case .score: record.score.isNaN ? nil : .number(record.score)
        case .latency: .number(Double(record.microseconds))
        case .drift: .number(record.drift ? 1 : 0)
        case .time: .number(Double(record.createdAt.milliseconds))
        case .entity: record.entity.map(LedgerOperand.text)
        case .label: record.label.map(LedgerOperand.text)
        case .labelledAt: record.labelledAt.map { .number(Double($0.milliseconds)) }
        case .shadowVersion: record.shadowVersion.map { .number(Double($0)) }
        case .shadowPrediction: record.shadowPrediction.map(LedgerOperand.text)
        case .shadowScore: record.shadowScore.flatMap { $0.isNaN ? nil : .number($0) }
        case .feature(let name): Self.feature(name, record, schemas)
        }
    }

    private static func feature(
        _ name: String,
        _ record: LedgerRecord,
        _ schemas: [Int: LedgerSchema]
    ) -> LedgerOperand? {
        guard let place = schemas[record.version]?.columns.firstIndex(of: name),
            record.features.indices.contains(place), !record.features[place].isNaN
        else { return nil }
        return .number(LedgerRecord.shortest(record.features[place]))
    }
}

extension LedgerOperator {
    fileprivate func holds(_ value: LedgerOperand, _ operands: [LedgerOperand]) -> Bool {
        switch self {
        case .isMissing: return false
        case .isPresent: return true
        case .isIn: return operands.contains(value)
        case .equal: return value == operands.first
        case .unequal: return value != operands.first
        case .less, .atMost, .greater, .atLeast:
            guard case .number(let left) = value, case .number(let right)? = operands.first else { return false }
            return switch self {
            case .less: left < right
            case .atMost: left <= right
            case .greater: left > right
            default: left >= right
            }
        }
    }
}

extension LedgerWord {
    fileprivate func holds(_ record: LedgerRecord) -> Bool {
        switch self {
        case .labelled: record.label != nil
        case .unlabelled: record.label == nil
        case .right: record.isCorrect == true
        case .wrong: record.isCorrect == false
        case .drifted: record.drift
        case .shadowed: record.shadowVersion != nil
        case .disagreed: record.shadowPrediction.map { $0 != record.prediction } ?? false
        case .cut: record.isCut
        }
    }
}
