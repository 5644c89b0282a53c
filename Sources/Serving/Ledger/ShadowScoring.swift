import Core
import Ledger
import Logging
import Rollouts
import Runtimes

/// Has the other version of a rollout score the rows that one version answered, off the request path.
enum ShadowScoring {
    /// Relative difference from which two numbers count as different answers.
    static let numberTolerance: Float = 0.1

    private static let logger = Logger(label: "martlet.ledger")

    /// What the other version says of one entry.
    struct Result {
        /// Its model.
        let loaded: LoadedModel
        /// Its outputs, row-major; empty for a model that does not answer in rows of numbers.
        let outputs: [Float]
        /// Its answers, of a model that does not answer in rows of numbers.
        let answers: [GeneralAnswer]
    }

    /// The other version's answers for each entry; nil where there is none or it failed.
    static func results(of batch: [LedgerEntry]) async -> [Result?] {
        var results = [Result?](repeating: nil, count: batch.count)
        var groups: [ObjectIdentifier: [Int]] = [:]
        for (position, entry) in batch.enumerated() {
            if let shadow = entry.shadow { groups[ObjectIdentifier(shadow), default: []].append(position) }
        }
        for positions in groups.values {
            guard let first = positions.first, let shadow = batch[first].shadow,
                let loaded = try? await shadow.load().loaded
            else { continue }
            if let runtime = loaded.rows {
                await score(positions, of: batch, by: loaded, runtime, into: &results)
            } else {
                for position in positions { results[position] = await general(batch[position], by: loaded) }
            }
        }
        return results
    }

    private static func score(
        _ positions: [Int],
        of batch: [LedgerEntry],
        by loaded: LoadedModel,
        _ runtime: any RowRuntime,
        into results: inout [Result?]
    ) async {
        var rows: [Float] = []
        var count = 0
        for position in positions {
            guard case .rows(let features, _) = batch[position].values else { continue }
            rows.append(contentsOf: features)
            count += batch[position].count
        }
        let (all, total) = (rows, count)
        let outputs: [Float]
        do {
            outputs = try await BlockingWork.run { try runtime.predict(all, count: total) }
        } catch {
            logger.warning("Version \(loaded.version) of '\(loaded.model)' could not score beside the other: \(error)")
            return
        }
        var start = 0
        for position in positions {
            guard case .rows = batch[position].values else { continue }
            let end = start + batch[position].count * runtime.outputWidth
            guard end <= outputs.count else { return }
            results[position] = Result(loaded: loaded, outputs: Array(outputs[start..<end]), answers: [])
            start = end
        }
    }

    private static func general(_ entry: LedgerEntry, by loaded: LoadedModel) async -> Result? {
        guard case .general(_, _, let call?) = entry.values, let result = try? await loaded.runtime.infer(call) else {
            return nil
        }
        let answers = GeneralAnswer.all(in: result.content, count: entry.count)
        return answers.count == entry.count ? Result(loaded: loaded, outputs: [], answers: answers) : nil
    }

    /// Whether two answers to the same row differ.
    static func differ(_ left: ModelAnswer, _ right: ModelAnswer) -> Bool {
        if let left = left.classIndex, let right = right.classIndex { return left != right }
        return differ(Double(left.score), Double(right.score))
    }

    /// Whether two answers of models that do not answer in rows of numbers differ.
    static func differ(_ left: GeneralAnswer, _ right: GeneralAnswer) -> Bool {
        if Double(left.prediction) != nil, Double(right.prediction) != nil { return differ(left.score, right.score) }
        return left.prediction != right.prediction
    }

    private static func differ(_ left: Double, _ right: Double) -> Bool {
        abs(left - right) > Double(numberTolerance) * max(abs(left), abs(right))
    }
}

extension LedgerEntry {
    /// What one version says of one row, in the ledger's words.
    private struct Words {
        let prediction: String
        let score: Double

        init(_ loaded: LoadedModel, _ outputs: [Float], row: Int) {
            let answer = loaded.answer(outputs, row: row)
            prediction = loaded.label(of: answer) ?? answer.score.description
            score = LedgerRecord.shortest(answer.score)
        }

        init(_ answer: GeneralAnswer?) {
            prediction = answer?.prediction ?? ""
            score = answer?.score ?? 0
        }
    }

    /// The rows as the ledger keeps them.
    func records(shadow result: ShadowScoring.Result?) -> [LedgerRecord] {
        (0..<count).map { row in
            let (features, own) = content(row)
            let other = result.map { result in
                result.answers.isEmpty ? Words(result.loaded, result.outputs, row: row) : Words(result.answers[row])
            }
            return LedgerRecord(
                id: id(ofRow: row),
                deployment: served.deployment,
                version: served.version,
                arm: arm,
                rollout: evidence?.rollout,
                step: step,
                via: via.label,
                features: features,
                prediction: own.prediction,
                score: own.score,
                shadowVersion: other == nil ? nil : shadow?.version,
                shadowPrediction: other?.prediction,
                shadowScore: other?.score,
                microseconds: Int64(clamping: nanoseconds / 1000),
                drift: drift,
                createdAt: Timestamp(milliseconds: milliseconds),
                label: nil,
                labelledAt: nil
            )
        }
    }

    private func content(_ row: Int) -> ([Float], Words) {
        switch values {
        case .rows(let features, let outputs):
            let width = loaded.inputs.count
            let own = count == 1 ? features : Array(features[row * width..<(row + 1) * width])
            return (own, Words(loaded, outputs, row: row))
        case .general(let features, let answers, _):
            return (
                features.indices.contains(row) ? features[row] : [],
                Words(answers.indices.contains(row) ? answers[row] : nil)
            )
        }
    }

    /// Reports how many rows the two versions answered differently.
    func recordDisagreement(shadow result: ShadowScoring.Result?) {
        guard let result, let evidence else { return }
        let differing = (0..<count).count { row in
            switch values {
            case .rows(_, let outputs):
                ShadowScoring.differ(loaded.answer(outputs, row: row), result.loaded.answer(result.outputs, row: row))
            case .general(_, let answers, _):
                answers.indices.contains(row) && ShadowScoring.differ(answers[row], result.answers[row])
            }
        }
        evidence.recordShadow(differing: differing, of: count)
    }
}
