import Core
import Ledger
import Logging
import Rollouts
import Runtimes

/// Has other versions score the rows that one version answered, off the request path.
enum ShadowScoring {
    /// Relative difference from which two numbers count as different answers.
    static let numberTolerance: Float = 0.1

    private static let logger = Logger(label: "martlet.ledger")

    /// What another version says of one entry.
    struct Result {
        /// Its model.
        let loaded: LoadedModel
        /// Its outputs, row-major; empty for a model that does not answer in rows of numbers.
        let outputs: [Float]
        /// Its answers, of a model that does not answer in rows of numbers.
        let answers: [GeneralAnswer]
        /// Its time for the entry, as far as it can be told apart.
        var nanoseconds: UInt64 = 0
    }

    /// One entry that one version is to score: places in the batch and among the entry's scorers.
    private struct Order {
        let entry: Int
        let scorer: Int
    }

    /// The other versions' answers for each entry, in the order of `LedgerEntry.scorers`; nil where one failed.
    static func results(of batch: [LedgerEntry]) async -> [[Result?]] {
        var results = batch.map { entry in
            entry.shadow == nil && entry.mirrors.isEmpty ? [] : [Result?](repeating: nil, count: entry.scorers.count)
        }
        var groups: [ObjectIdentifier: (served: ServedModel, orders: [Order])] = [:]
        for (position, entry) in batch.enumerated() where !results[position].isEmpty {
            for (place, scorer) in entry.scorers.enumerated() {
                groups[ObjectIdentifier(scorer), default: (scorer, [])].orders.append(
                    Order(entry: position, scorer: place)
                )
            }
        }
        for (served, orders) in groups.values {
            let loaded: LoadedModel
            do {
                loaded = try await served.load().loaded
            } catch {
                logger.warning(
                    "Version \(served.version) of '\(served.model)' cannot score too: \(error)"
                )
                continue
            }
            if let runtime = loaded.rows {
                await score(orders, of: batch, by: loaded, runtime, into: &results)
            } else {
                for order in orders {
                    results[order.entry][order.scorer] = await general(batch[order.entry], by: loaded)
                }
            }
        }
        return results
    }

    /// The rows of an entry as another version takes them; nil when it cannot.
    private static func rows(_ entry: LedgerEntry, for loaded: LoadedModel) -> [Float]? {
        guard case .rows(let features, _) = entry.values else { return nil }
        if ColumnMap.agree(entry.loaded, loaded) { return features }
        return ColumnMap.rows(features, count: entry.count, from: entry.loaded, to: loaded)
    }

    private static func score(
        _ orders: [Order],
        of batch: [LedgerEntry],
        by loaded: LoadedModel,
        _ runtime: any RowRuntime,
        into results: inout [[Result?]]
    ) async {
        var rows: [Float] = []
        var scored: [Order] = []
        for order in orders {
            guard let own = Self.rows(batch[order.entry], for: loaded) else { continue }
            rows.append(contentsOf: own)
            scored.append(order)
        }
        let (all, total) = (rows, scored.reduce(0) { $0 + batch[$1.entry].count })
        guard total > 0 else { return }
        let outputs: [Float]
        let start = Clock.monotonicNanoseconds
        do {
            outputs = try await BlockingWork.run { try runtime.predict(all, count: total) }
        } catch {
            logger.warning("Version \(loaded.version) of '\(loaded.model)' could not score beside the other: \(error)")
            return
        }
        let nanoseconds = (Clock.monotonicNanoseconds &- start) / UInt64(total)
        var first = 0
        for order in scored {
            let end = first + batch[order.entry].count * runtime.outputWidth
            guard end <= outputs.count else { return }
            results[order.entry][order.scorer] = Result(
                loaded: loaded,
                outputs: Array(outputs[first..<end]),
                answers: [],
                nanoseconds: nanoseconds
            )
            first = end
        }
    }

    private static func general(_ entry: LedgerEntry, by loaded: LoadedModel) async -> Result? {
        guard case .general(_, _, let call?) = entry.values else { return nil }
        let start = Clock.monotonicNanoseconds
        guard let result = try? await loaded.runtime.infer(call) else { return nil }
        let answers = GeneralAnswer.all(in: result.content, of: loaded, count: entry.count)
        guard answers.count == entry.count else { return nil }
        let nanoseconds = Clock.monotonicNanoseconds &- start
        return Result(loaded: loaded, outputs: [], answers: answers, nanoseconds: nanoseconds)
    }

    /// What two versions say of one row as numbers (class indexes, or values; NaN for an answer that is none), and whether
    /// they differ.
    static func answers(
        _ entry: LedgerEntry,
        _ result: Result,
        row: Int
    ) -> (own: Double, other: Double, differ: Bool) {
        switch entry.values {
        case .rows(_, let outputs):
            guard result.answers.isEmpty else { return (.nan, .nan, true) }
            let own = entry.loaded.answer(outputs, row: row)
            let other = result.loaded.answer(result.outputs, row: row)
            return (number(own), number(other), differ(own, other))
        case .general(_, let answers, _):
            guard answers.indices.contains(row), result.answers.indices.contains(row) else { return (.nan, .nan, true) }
            let (own, other) = (answers[row], result.answers[row])
            return (number(own), number(other), differ(own, other))
        }
    }

    private static func number(_ answer: ModelAnswer) -> Double {
        answer.classIndex.map { Double($0) } ?? Double(answer.score)
    }

    private static func number(_ answer: GeneralAnswer) -> Double {
        Double(answer.prediction) == nil ? .nan : answer.score
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

extension ShadowScoring {
    /// What one version says of one row, in the ledger's words.
    struct Words {
        let prediction: String
        let score: Double

        /// What the version says that answered.
        init(_ entry: LedgerEntry, row: Int) {
            switch entry.values {
            case .rows(_, let outputs): self.init(entry.loaded, outputs, row: row)
            case .general(_, let answers, _): self.init(answers.indices.contains(row) ? answers[row] : nil)
            }
        }

        /// What another version says.
        init(_ result: Result, row: Int) {
            if result.answers.isEmpty {
                self.init(result.loaded, result.outputs, row: row)
            } else {
                self.init(result.answers.indices.contains(row) ? result.answers[row] : nil)
            }
        }

        private init(_ loaded: LoadedModel, _ outputs: [Float], row: Int) {
            let answer = loaded.answer(outputs, row: row)
            prediction = loaded.label(of: answer) ?? answer.score.description
            score = LedgerRecord.shortest(answer.score)
        }

        private init(_ answer: GeneralAnswer?) {
            prediction = answer?.prediction ?? ""
            score = answer?.score ?? 0
        }
    }
}
