import ArgumentParser
import Core

/// `martlet monitor report NAME`.
struct MonitorReport: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Compare what a monitor sees now with its reference, in full.",
        discussion: "Without --html or --json it shows the columns with their scores."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The monitor's name.")
    var name: String
    @Option(name: .long, help: "Write the report as one HTML page to this file.")
    var html: String?
    @Option(name: .customLong("json-file"), help: "Write the report as JSON to this file.")
    var jsonFile: String?
    @Option(name: .long, help: "A column whose values split the report into segments.")
    var segment: String?

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/monitors/\(ServerClient.segment(name))/report"
        let split = segment.map { "&segment=\(ServerClient.segment($0))" } ?? ""
        if let html {
            guard let page = try await session.server.file("\(path)?format=html\(split)") else {
                throw MartletError(.notFound, "There is no monitor '\(name)'.")
            }
            try OutputFile.write(page, to: html)
        }
        let report = try await session.server.get(path, query: [("format", "json"), ("segment", segment)])
        if let jsonFile { try OutputFile.write(report.description + "\n", to: jsonFile) }
        guard !session.wroteJSON(report), html == nil, jsonFile == nil else { return }
        Self.show(report, on: session.terminal)
    }

    private static func show(_ report: JSONValue, on terminal: Terminal) {
        var facts = Facts()
        facts.add("verdict", Words.text(report["verdict"]))
        if let reason = report["reason"], reason != .null { facts.add("reason", Words.text(reason)) }
        facts.add("reference rows", Words.text(report["reference"]?["number_of_rows"]))
        facts.add("current rows", Words.text(report["current"]?["number_of_rows"]))
        facts.write(to: terminal)
        terminal.line()
        var table = TextTable([
            .init(title: "COLUMN", isFixed: true), .init(title: "TEST"), .init(title: "SCORE", alignment: .right),
            .init(title: "THRESHOLD", alignment: .right), .init(title: "DRIFT", colour: Words.colour),
        ])
        for (name, column) in report["drift_by_columns"]?.objectValue?.pairs ?? [] {
            let drifted = column["drift_detected"]?.boolValue
            table.add([
                name, Words.text(column["stattest_name"] ?? column["method"]), Words.text(column["drift_score"]),
                Words.text(column["stattest_threshold"]), drifted.map { $0 ? "drift" : "no" } ?? "–",
            ])
        }
        table.write(to: terminal, empty: "No column could be compared.")
        for event in report["data_events"]?.arrayValue ?? [] {
            terminal.line("\(Words.text(event["column_name"])): \(Words.text(event["detail"]))")
        }
    }
}
