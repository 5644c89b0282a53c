import Ledger

/// One prediction that was logged beside what the candidate says of the same row.
struct ComparedRow: Sendable {
    /// How two answers are compared.
    enum Kind: Sendable, Equatable {
        /// As texts: classes, or whatever is no number.
        case classes
        /// As numbers.
        case numbers
    }

    let id: String
    let version: Int
    let logged: ReplayAnswer
    /// Nil when the candidate failed on the row.
    let candidate: ReplayAnswer?
    let label: String?
    let kind: Kind
    /// Whether the answers differ; a candidate that fails where an answer was logged differs from it.
    let differs: Bool

    init(_ record: LedgerRecord, _ answer: ReplayAnswer?, classes: [String], tolerance: Double) {
        id = record.id
        version = record.version
        label = record.label
        logged = ReplayAnswer(prediction: record.prediction, score: record.score)
        let ours = answer.flatMap { Self.isAnswer($0, classes: classes) ? $0 : nil }
        candidate = ours
        let numbers = classes.isEmpty ? Self.numbers(logged, ours ?? logged) : nil
        kind = numbers == nil ? .classes : .numbers
        guard let ours else {
            differs = true
            return
        }
        if let (left, right) = numbers {
            differs = abs(left - right) > tolerance * max(abs(left), abs(right))
        } else {
            differs = Self.canonical(ours.prediction) != Self.canonical(logged.prediction)
        }
    }

    /// A number that is none is no answer.
    private static func isAnswer(_ answer: ReplayAnswer, classes: [String]) -> Bool {
        guard classes.isEmpty else { return true }
        return Double(answer.prediction)?.isFinite ?? !answer.prediction.isEmpty
    }

    private static func numbers(_ left: ReplayAnswer, _ right: ReplayAnswer) -> (Double, Double)? {
        guard let left = Double(left.prediction), let right = Double(right.prediction), left.isFinite, right.isFinite
        else { return nil }
        return (left, right)
    }

    /// A class by its index in digits, however it was written: 1.0 is 1.
    static func canonical(_ text: String) -> String {
        guard text.hasSuffix(".0"), let number = Double(text), let whole = Int(exactly: number) else { return text }
        return String(whole)
    }

    /// How far the scores are apart; nil where one is missing.
    var scoreChange: Double? {
        guard let candidate, candidate.score.isFinite, logged.score.isFinite else { return nil }
        return candidate.score - logged.score
    }
}
