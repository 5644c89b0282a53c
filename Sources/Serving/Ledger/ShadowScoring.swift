import Core
import Runtimes

/// Has the other version of a rollout score the rows that one version answered, off the request path.
enum ShadowScoring {
    /// Relative difference from which two numbers count as different answers.
    static let numberTolerance: Float = 0.1

    /// The other version's outputs for each entry; nil where there is none or it failed.
    static func outputs(of batch: [LedgerEntry]) async -> [[Float]?] {
        var results = [[Float]?](repeating: nil, count: batch.count)
        var groups: [ObjectIdentifier: [Int]] = [:]
        for (position, entry) in batch.enumerated() {
            if let shadow = entry.shadow { groups[ObjectIdentifier(shadow), default: []].append(position) }
        }
        for positions in groups.values {
            guard let first = positions.first, let shadow = batch[first].shadow else { continue }
            await score(positions, of: batch, by: shadow, into: &results)
        }
        return results
    }

    private static func score(
        _ positions: [Int],
        of batch: [LedgerEntry],
        by shadow: ServedModel,
        into results: inout [[Float]?]
    ) async {
        var rows: [Float] = []
        var count = 0
        for position in positions {
            rows.append(contentsOf: batch[position].rows)
            count += batch[position].count
        }
        let (all, total, runtime) = (rows, count, shadow.loaded.runtime)
        guard let outputs = try? await BlockingWork.run({ try runtime.predict(all, count: total) }) else { return }
        var start = 0
        for position in positions {
            let end = start + batch[position].count * runtime.outputWidth
            guard end <= outputs.count else { return }
            results[position] = Array(outputs[start..<end])
            start = end
        }
    }

    /// Whether two answers to the same row differ.
    static func differ(_ left: ModelAnswer, _ right: ModelAnswer) -> Bool {
        if let left = left.classIndex, let right = right.classIndex { return left != right }
        let scale = max(abs(left.score), abs(right.score))
        return abs(left.score - right.score) > numberTolerance * scale
    }
}

extension LedgerEntry {
    /// The rows as the ledger keeps them.
    func records(shadow outputs: [Float]?) -> [LedgerRecord] {
        let width = served.loaded.inputs.count
        return (0..<count).map { row in
            let answer = served.loaded.answer(self.outputs, row: row)
            let other = outputs.flatMap { outputs in shadow.map { ($0.loaded, $0.loaded.answer(outputs, row: row)) } }
            return LedgerRecord(
                id: id(ofRow: row),
                deployment: served.deployment,
                version: served.version,
                arm: arm,
                rollout: evidence?.rollout,
                step: step,
                via: via.label,
                features: count == 1 ? rows : Array(rows[row * width..<(row + 1) * width]),
                prediction: served.loaded.label(of: answer) ?? answer.score.description,
                score: LedgerRecord.shortest(answer.score),
                shadowVersion: other == nil ? nil : shadow?.version,
                shadowPrediction: other.map { $0.0.label(of: $0.1) ?? $0.1.score.description },
                shadowScore: other.map { LedgerRecord.shortest($0.1.score) },
                microseconds: Int64(clamping: nanoseconds / 1000),
                drift: drift,
                createdAt: Timestamp(milliseconds: milliseconds),
                label: nil,
                labelledAt: nil
            )
        }
    }

    /// Reports how many rows the two versions answered differently.
    func recordDisagreement(shadow outputs: [Float]?) {
        guard let outputs, let shadow, let evidence else { return }
        let differing = (0..<count).count { row in
            ShadowScoring.differ(served.loaded.answer(self.outputs, row: row), shadow.loaded.answer(outputs, row: row))
        }
        evidence.recordShadow(differing: differing, of: count)
    }
}
