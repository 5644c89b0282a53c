import ArgumentParser
import Core

/// `martlet ledger show REQUEST`.
struct LedgerShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one prediction with its inputs and every label it had."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The request's id.")
    var request: String

    func run(_ session: Session) async throws {
        let row = try await session.server.get("/api/martlet/v1/ledger/rows/\(ServerClient.segment(request))")
        guard !session.wroteJSON(row) else { return }
        var facts = Facts()
        for (title, key) in [
            ("request", "request_id"), ("time", "time"), ("deployment", "deployment"), ("version", "version"),
            ("arm", "arm"), ("entity", "entity"), ("prediction", "prediction"), ("score", "score"),
            ("label", "label"), ("right", "correct"), ("latency (us)", "latency_us"),
        ] {
            facts.add(title, Words.text(row[key]))
        }
        for (name, value) in row["features"]?.objectValue?.pairs ?? [] { facts.add("· \(name)", Words.text(value)) }
        facts.write(to: session.terminal)
        session.terminal.line()
        var table = TextTable([
            .init(title: "LABEL", isFixed: true), .init(title: "OBSERVED"), .init(title: "RECEIVED"),
            .init(title: "HOLDS"),
        ])
        for label in row["labels"]?.arrayValue ?? [] {
            table.add([
                Words.text(label["label"]), Words.time(label["observed_at"]), Words.time(label["received_at"]),
                Words.text(label["current"]),
            ])
        }
        table.write(to: session.terminal, empty: "It has no label yet.")
    }
}
