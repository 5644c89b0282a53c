import Core
import Ledger

/// Everything that is counted during a replay; its size does not depend on how many rows there are.
struct ReplayTally: Sendable {
    let request: ReplayRequest
    private let classes: [String]
    private(set) var read = 0
    private(set) var skipped: [ReplaySkip: Int] = [:]
    private(set) var all = PairTally()
    private(set) var byClass = ClassTally()
    private(set) var segments: [SegmentTally]
    private(set) var versions: [Int: Int] = [:]
    private(set) var classRows = 0
    private(set) var candidateTimes = LatencyTally()
    private(set) var servingTimes = LatencyTally()
    private(set) var loggedTimes = LatencyTally()
    private(set) var failure: String?
    /// The oldest and the newest prediction that was compared.
    private(set) var extent: ClosedRange<Timestamp>?
    private(set) var disagreements: [Disagreement] = []
    private var differing = 0
    private var generator: SeededGenerator

    /// One row on which candidate and log differ, as the report shows it.
    struct Disagreement: Sendable {
        let row: ComparedRow
        let at: Timestamp
        let entity: String?
    }

    /// Prepares to count.
    ///
    /// - Throws: `invalidArgument` when a name in `segments` is none of the candidate's columns.
    init(_ request: ReplayRequest, candidate: ReplayModel) throws(MartletError) {
        self.request = request
        classes = candidate.classes
        generator = SeededGenerator(seed: 7)
        segments = []
        for name in request.segments {
            segments.append(SegmentTally(name: name, source: try Self.source(name, candidate.columns)))
        }
    }

    private static func source(_ name: String, _ columns: [String]) throws(MartletError) -> SegmentTally.Source {
        if let position = columns.firstIndex(of: name) { return .column(position) }
        switch name {
        case "prediction": return .prediction
        case "version": return .version
        case "arm": return .arm
        case "entity": return .entity
        default:
            let known = columns.prefix(20).joined(separator: ", ") + (columns.count > 20 ? ", …" : "")
            throw MartletError(
                .invalidArgument,
                "'segments' names '\(name.prefix(80))', which is neither prediction, version, arm, entity nor one of "
                    + "the candidate's columns (\(known))."
            )
        }
    }

    mutating func read(_ count: Int) { read += count }

    mutating func skip(_ reason: ReplaySkip) { skipped[reason, default: 0] += 1 }

    /// Finds where columns and predicted numbers are cut, from rows of the candidate's columns and what was answered.
    mutating func prepare(_ rows: [[Float]], predictions: [Float]) {
        for index in segments.indices {
            switch segments[index].source {
            case .column(let position):
                segments[index].prepare(rows.compactMap { $0.indices.contains(position) ? $0[position] : nil })
            case .prediction: segments[index].prepare(predictions)
            case .version, .arm, .entity: continue
            }
        }
    }

    mutating func time(candidate: Double?, serving: Double?) {
        if let candidate { candidateTimes.add(candidate) }
        if let serving { servingTimes.add(serving) }
    }

    mutating func fail(_ message: String) {
        if failure == nil { failure = message }
    }

    /// Counts one row; `values` are its inputs in the candidate's columns.
    mutating func add(_ record: LedgerRecord, values: [Float], answer: ReplayAnswer?) {
        let row = ComparedRow(record, answer, classes: classes, tolerance: request.tolerance)
        all.add(row)
        versions[row.version, default: 0] += 1
        loggedTimes.add(Double(record.microseconds))
        let (low, high) = (extent?.lowerBound ?? record.createdAt, extent?.upperBound ?? record.createdAt)
        extent = min(low, record.createdAt)...max(high, record.createdAt)
        if row.kind == .classes {
            classRows += 1
            byClass.add(
                logged: ComparedRow.canonical(row.logged.prediction),
                candidate: row.candidate.map { ComparedRow.canonical($0.prediction) },
                label: row.label.map(ComparedRow.canonical)
            )
        }
        for index in segments.indices {
            segments[index].add(row, value: value(of: segments[index], record, row, values))
        }
        if row.differs { sample(Disagreement(row: row, at: record.createdAt, entity: record.entity)) }
    }

    private func value(
        of segment: SegmentTally,
        _ record: LedgerRecord,
        _ row: ComparedRow,
        _ values: [Float]
    ) -> String {
        switch segment.source {
        case .prediction where row.kind == .numbers: segment.segment(of: Float(row.logged.score))
        case .prediction: row.logged.prediction
        case .version: String(record.version)
        case .arm: record.arm.rawValue
        case .entity: record.entity ?? "none"
        case .column(let position): segment.segment(of: values.indices.contains(position) ? values[position] : .nan)
        }
    }

    /// Keeps a sample in which every disagreement has the same chance to be (Vitter's algorithm R).
    private mutating func sample(_ found: Disagreement) {
        differing += 1
        if disagreements.count < ReplayLimits.disagreements {
            disagreements.append(found)
        } else {
            let place = Int.random(in: 0..<differing, using: &generator)
            if place < disagreements.count { disagreements[place] = found }
        }
    }

    /// How the answers are read: as classes when any is one.
    var kind: ReplayReport.Kind {
        if classRows > 0 || !classes.isEmpty { return .classification }
        return all.probabilities.isPlausible ? .probability : .regression
    }
}
