package import Core
import Storage

/// What rows are counted by.
package enum LedgerGroupKey: String, Sendable, CaseIterable {
    case version, hour, day, arm, prediction, label, rollout
}

/// The rows that have the same values of the keys.
package struct LedgerGroup: Sendable, Equatable {
    /// The values, in the order of the keys; nil where a row has none.
    package let values: [JSONValue]
    /// Rows.
    package var rows = 0
    /// Of those, the labelled ones.
    package var labelled = 0
    /// Of these, the right ones.
    package var correct = 0
    /// Rows whose prediction and label are numbers.
    package var measured = 0
    /// The sum of the distances between them.
    package var absoluteError = 0.0
    /// Rows that have a score.
    package var scored = 0
    /// The sum of their scores.
    package var scores = 0.0
    /// The sum of the model's times, in microseconds.
    package var microseconds: Int64 = 0
    /// Rows answered during drift.
    package var drifted = 0
    /// Rows that another version scored.
    package var shadowed = 0
    /// Of those, the ones that it answered differently.
    package var disagreed = 0

    /// Makes a group without rows.
    init(values: [JSONValue]) { self.values = values }

    mutating func add(_ record: LedgerRecord) {
        rows += 1
        microseconds &+= record.microseconds
        if record.drift { drifted += 1 }
        if record.score.isFinite {
            scored += 1
            scores += record.score
        }
        if let other = record.shadowPrediction {
            shadowed += 1
            if other != record.prediction { disagreed += 1 }
        }
        guard record.label != nil else { return }
        labelled += 1
        if record.isCorrect == true { correct += 1 }
        guard let error = record.error else { return }
        measured += 1
        absoluteError += abs(error)
    }
}

/// Groups of rows.
package struct LedgerGroups: Sendable {
    /// The groups, sorted by their values.
    package let groups: [LedgerGroup]
    /// How many rows were looked at.
    package let scanned: Int
    /// Whether that was all; else the oldest rows are missing.
    package let isComplete: Bool
}

extension LedgerStore {
    /// Counts the rows that a query asks for by the values of some keys, over at most `LedgerLimits.groupedRows` rows,
    /// newest first.
    ///
    /// - Throws: `invalidArgument` when there are more groups than `LedgerLimits.groups`, or for an unknown column.
    package func groups(
        _ query: LedgerQuery,
        by keys: [LedgerGroupKey]
    ) async throws(MartletError) -> LedgerGroups {
        try await read { connection in
            var groups: [[String]: LedgerGroup] = [:]
            let scan = try LedgerScan(query, connection)
            let (scanned, isComplete) = try scan.all(atMost: LedgerLimits.groupedRows, connection) { record in
                let values = keys.map { $0.value(of: record) }
                groups[values.map(\.description), default: LedgerGroup(values: values)].add(record)
                guard groups.count <= LedgerLimits.groups else {
                    throw MartletError(
                        .invalidArgument,
                        "There are more than \(LedgerLimits.groups) groups; group by less or narrow the filter."
                    )
                }
            }
            let sorted = groups.values.sorted { left, right in
                for (one, other) in zip(left.values, right.values) where one != other {
                    if let one = one.integerValue, let other = other.integerValue { return one < other }
                    return one.description < other.description
                }
                return false
            }
            return LedgerGroups(groups: sorted, scanned: scanned, isComplete: isComplete)
        }
    }
}

extension LedgerGroupKey {
    fileprivate func value(of record: LedgerRecord) -> JSONValue {
        switch self {
        case .version: .int(record.version)
        case .hour: .integer(HourDeltas.start(of: record.createdAt).milliseconds)
        case .day: .integer(Self.day(record.createdAt.milliseconds))
        case .arm: .string(record.arm.rawValue)
        case .prediction: .string(record.prediction)
        case .label: .optional(record.label)
        case .rollout: .optional(record.rollout)
        }
    }

    private static func day(_ milliseconds: Int64) -> Int64 {
        let rest = milliseconds % 86_400_000
        return milliseconds - (rest < 0 ? rest + 86_400_000 : rest)
    }
}
