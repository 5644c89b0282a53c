import ArgumentParser
import Core

/// `martlet trace show TRACE`.
struct TraceShow: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one trace: its spans as a tree, and what was said about it."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The trace's id.")
    var trace: String

    func run(_ session: Session) async throws {
        let found = try await TracePages(session).trace(trace)
        guard !session.wroteJSON(found) else { return }
        let info = found["trace_info"]
        var facts = Facts()
        facts.add("trace", Words.text(info?["trace_id"]))
        facts.add("name", Words.text(info?["tags"]?["mlflow.traceName"]))
        facts.add("experiment", Words.text(info?["trace_location"]?["mlflow_experiment"]?["experiment_id"]))
        facts.add("state", Words.text(info?["state"]))
        facts.add("started", TraceList.time(info?["request_time"]))
        facts.add("took", Words.text(info?["execution_duration"]))
        facts.add("request", Words.text(info?["request_preview"]))
        facts.add("response", Words.text(info?["response_preview"]))
        facts.add("tokens", Words.text(info?["trace_metadata"]?["mlflow.trace.tokenUsage"]))
        facts.write(to: session.terminal)
        let spans = SpanTree(found["spans"]?.arrayValue ?? []).lines
        if !spans.isEmpty {
            session.terminal.line()
            var table = TextTable([
                .init(title: "SPAN"), .init(title: "TYPE"), .init(title: "STATUS", colour: Words.colour),
                .init(title: "TOOK", alignment: .right),
            ])
            for span in spans { table.add([span.name, span.type, span.status, span.took]) }
            table.write(to: session.terminal, empty: "")
        }
        let assessments = info?["assessments"]?.arrayValue ?? []
        guard !assessments.isEmpty else { return }
        session.terminal.line()
        var table = TextTable([
            .init(title: "ASSESSMENT"), .init(title: "VALUE"), .init(title: "SOURCE"), .init(title: "WHY"),
        ])
        for assessment in assessments where assessment["valid"]?.boolValue ?? true {
            let expected =
                assessment["expectation"]?["value"] ?? assessment["expectation"]?["serialized_value"]?["value"]
            table.add([
                Words.text(assessment["assessment_name"]),
                Words.text(assessment["feedback"]?["value"] ?? expected ?? assessment["issue"]?["issue_name"]),
                Words.text(assessment["source"]?["source_id"] ?? assessment["source"]?["source_type"]),
                Words.text(assessment["rationale"]),
            ])
        }
        table.write(to: session.terminal, empty: "")
    }
}
