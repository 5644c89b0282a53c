import ArgumentParser
import Core

/// `martlet data show NAME`.
struct DataShow: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a dataset's columns, checks and split."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The dataset's name.")
    var name: String

    func run(_ session: Session) async throws {
        let dataset = try await session.server.get("/api/martlet/v1/data/\(ServerClient.segment(name))")
        guard !session.wroteJSON(dataset) else { return }
        var facts = Facts()
        facts.add("name", Words.text(dataset["name"]))
        facts.add("source", dataset["file"]?.stringValue)
        facts.add("tables", dataset["tables"].flatMap { $0 == .null ? nil : Words.text($0) })
        facts.add("raw rows", Words.text(dataset["raw_rows"]))
        facts.add("clean rows", Words.text(dataset["clean_rows"]))
        facts.add("version", Words.text(dataset["version"]))
        facts.add("target", dataset["target"].flatMap { $0 == .null ? nil : Words.text($0["column"]) })
        let splits = dataset["splits"]?.arrayValue ?? []
        facts.add(
            "split",
            Words.text(.array(splits.map { .string("\(Words.text($0["name"])) \(Words.text($0["rows"]))") }))
        )
        facts.add("checks", DataList.checks(dataset))
        facts.write(to: session.terminal)
        writeChecks(dataset, session)
        writeDrift(dataset, session)
        session.terminal.line()
        var table = TextTable([
            .init(title: "COLUMN"), .init(title: "TYPE"), .init(title: "MISSING", alignment: .right),
            .init(title: "MIN", alignment: .right), .init(title: "MEAN", alignment: .right),
            .init(title: "MAX", alignment: .right),
        ])
        for column in dataset["columns"]?.arrayValue ?? [] {
            table.add(["name", "type", "nulls", "min", "mean", "max"].map { Words.text(column[$0]) })
        }
        table.write(to: session.terminal, empty: "The columns are known after the first ingestion.")
    }

    private func writeDrift(_ dataset: JSONValue, _ session: Session) {
        let events = dataset["drift"]?.arrayValue ?? []
        guard !events.isEmpty else { return }
        session.terminal.line()
        var table = TextTable([
            .init(title: "DRIFT"), .init(title: "COLUMN"), .init(title: "POLICY"), .init(title: "WHEN"),
        ])
        for event in events.prefix(10) {
            table.add([
                Words.text(event["kind"]), Words.text(event["column"]), Words.text(event["policy"]),
                Words.time(event["at"]),
            ])
        }
        table.write(to: session.terminal, empty: "")
    }

    private func writeChecks(_ dataset: JSONValue, _ session: Session) {
        let checks = dataset["checks"]?.arrayValue ?? []
        guard !checks.isEmpty else { return }
        session.terminal.line()
        var table = TextTable([
            .init(title: "CHECK"), .init(title: "COLUMN"), .init(title: "RESULT", colour: Words.colour),
            .init(title: "EXPECTED"), .init(title: "FOUND", alignment: .right),
        ])
        for check in checks {
            table.add([
                Words.text(check["check"]), Words.text(check["column"]),
                check["passed"]?.boolValue == true ? "passed" : "failed", Words.text(check["expected"]),
                Words.text(check["observed"]),
            ])
        }
        table.write(to: session.terminal, empty: "")
    }
}
