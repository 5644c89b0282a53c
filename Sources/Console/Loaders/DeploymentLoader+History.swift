import Core
import Ledger
import Serving

extension DeploymentLoader {
    /// A line of a deployment's history as feeds show it.
    static func entry(_ event: DeploymentEvent, deployment: String, named: Bool, now: Timestamp) -> Feed.Entry {
        let note = event.note
        let tone = tone(of: note)
        let text = Markup.text(named ? note : note.prefix(1).uppercased() + note.dropFirst())
        let what: Markup = named ? .joined([.link(deployment, ConsolePath.of("deployments", deployment)), text]) : text
        return Feed.Entry(tone, what, time: TimeText(event.at, now: now))
    }

    private static func tone(of note: String) -> Tone {
        func says(_ words: String...) -> Bool { words.contains { note.contains($0) } }
        if says("rolled back", "cannot be loaded", "returned from") { return .bad }
        if says("held at", "paused", "aborted", "superseded", "moved back", "confirmation") { return .warn }
        return says("is the stable version", "serves all traffic", "promoted") ? .good : .info
    }

    /// A line of the ledger.
    static func prediction(_ record: LedgerRecord, now: Timestamp) -> PredictionRow {
        PredictionRow(
            id: record.id,
            time: TimeText(record.createdAt, now: now),
            version: String(record.version) + (record.arm == .stable ? "" : " \(record.arm.rawValue)"),
            output: record.prediction,
            score: record.score.isFinite ? record.score : nil,
            label: record.label ?? "",
            correct: record.isCorrect,
            latency: Double(record.microseconds) / 1e6,
            drifted: record.drift
        )
    }
}
