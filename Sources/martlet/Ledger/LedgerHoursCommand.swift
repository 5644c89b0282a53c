import ArgumentParser
import Core

/// `martlet ledger hours DEPLOYMENT`.
struct LedgerHoursCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "hours",
        abstract: "Show how often each version was asked and right, by hour.",
        discussion:
            "Late and corrected labels count in the hour of the prediction; what is sampled out counts as served."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: LedgerSelection

    func run(_ session: Session) async throws {
        let answer = try await session.server.get("/api/martlet/v1/ledger/hours", query: selection.query)
        guard !session.wroteJSON(answer) else { return }
        var table = TextTable([
            .init(title: "HOUR", isFixed: true), .init(title: "VERSION", alignment: .right), .init(title: "ARM"),
            .init(title: "SERVED", alignment: .right), .init(title: "KEPT", alignment: .right),
            .init(title: "LABELLED", alignment: .right), .init(title: "ACCURACY", alignment: .right),
            .init(title: "ERROR", alignment: .right), .init(title: "US", alignment: .right),
        ])
        for hour in answer["items"]?.arrayValue ?? [] {
            table.add([
                Words.time(hour["hour"]), Words.text(hour["version"]), Words.text(hour["arm"]),
                Words.text(hour["predictions"]), Words.text(hour["kept"]), Words.text(hour["labelled"]),
                Words.text(hour["accuracy"]), Words.text(hour["mean_absolute_error"]),
                Words.text(hour["mean_latency_us"]),
            ])
        }
        table.write(to: session.terminal, empty: "Nothing was served then.")
    }
}
