import Core
import Ledger
import Rollouts

extension LedgerEntry {
    /// The versions that score the rows off the request path: the rollout's other side first, then the mirrors.
    var scorers: [ServedModel] { (shadow.map { [$0] } ?? []) + mirrors }

    /// The rows as the ledger keeps them: those of the version that answered, and one of each mirror.
    ///
    /// - Parameter results: What the scorers say, in their order; nil where one failed.
    /// - Returns: the rows.
    func records(_ results: [ShadowScoring.Result?]) -> [LedgerRecord] {
        let other = shadow == nil ? nil : results.first ?? nil
        let mirrored = zip(mirrors, results.dropFirst(shadow == nil ? 0 : 1))
        var records: [LedgerRecord] = []
        records.reserveCapacity(count)
        for row in 0..<count {
            let content = content(row)
            var main = record(row, content, ShadowScoring.Words(self, row: row))
            main.rollout = evidence?.rollout
            main.step = step
            if let words = other.map({ ShadowScoring.Words($0, row: row) }) {
                main.shadowVersion = shadow?.version
                main.shadowPrediction = words.prediction
                main.shadowScore = words.score
            }
            records.append(main)
            for (served, result) in mirrored {
                guard let result else { continue }
                var mirror = record(row, content, ShadowScoring.Words(result, row: row))
                mirror.version = served.version
                mirror.arm = .shadow
                mirror.microseconds = Int64(clamping: result.nanoseconds / 1000)
                records.append(mirror)
            }
        }
        return records
    }

    private func record(
        _ row: Int,
        _ content: (features: [Float], isCut: Bool, entity: String?),
        _ words: ShadowScoring.Words
    ) -> LedgerRecord {
        LedgerRecord(
            id: id(ofRow: row),
            deployment: served.deployment,
            version: served.version,
            arm: arm,
            rollout: nil,
            step: 0,
            via: via.label,
            features: content.features,
            prediction: words.prediction,
            score: words.score,
            shadowVersion: nil,
            shadowPrediction: nil,
            shadowScore: nil,
            microseconds: Int64(clamping: nanoseconds / 1000),
            drift: drift,
            createdAt: Timestamp(milliseconds: milliseconds),
            entity: content.entity,
            isCut: content.isCut
        )
    }

    /// The inputs of a row as far as they may be kept, and what it is about.
    private func content(_ row: Int) -> (features: [Float], isCut: Bool, entity: String?) {
        var features: [Float]
        var entity = entity
        switch values {
        case .rows(let all, _):
            let width = loaded.inputs.count
            features = count == 1 ? all : Array(all[row * width..<(row + 1) * width])
            if case .input(let column) = spec.entity, let place = loaded.position[column] {
                entity = Self.key(features[place])
            }
            for name in spec.redact {
                if let place = loaded.position[name], features.indices.contains(place) {
                    features[place] = LedgerRecord.redacted
                }
            }
        case .general(let all, _, _):
            features = all.indices.contains(row) ? all[row] : []
            // Tensors come in any order and width: which number is which is not known here, so none is kept.
            if !spec.redact.isEmpty { features = [] }
            if features.isEmpty { return ([], true, entity) }
        }
        let room = spec.payloadLimit / MemoryLayout<Float>.size
        guard features.count > room else { return (features, false, entity) }
        return (Array(features.prefix(room)), true, entity)
    }

    /// The key that a number is: whole ones without a point; nil for one that 32 bits do not hold exactly.
    private static func key(_ value: Float) -> String? {
        guard value.isFinite else { return nil }
        guard value.rounded() == value else { return value.description }
        return abs(value) <= 16_777_216 ? String(Int(value)) : nil
    }

    /// Tells the rollout how the two versions' answers differ.
    func recordEvidence(_ results: [ShadowScoring.Result?]) {
        guard shadow != nil, let evidence, let result = results.first else { return }
        let side: TrafficArm = arm == .candidate ? .stable : .candidate
        guard let result else {
            evidence.recordShadow(ShadowRows(step: step, arm: side, rows: count, failed: true))
            return
        }
        var shadows = ShadowRows(step: step, arm: side, rows: count)
        for row in 0..<count {
            let (own, other, differ) = ShadowScoring.answers(self, result, row: row)
            if differ { shadows.differing += 1 }
            shadows.answers.append(side == .candidate ? (own, other) : (other, own))
        }
        evidence.recordShadow(shadows)
    }
}
