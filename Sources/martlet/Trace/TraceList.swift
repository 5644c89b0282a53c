import ArgumentParser
import Core

/// `martlet trace list`.
struct TraceList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List traces of an experiment, newest first."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "The experiment, by name or id.")
    var experiment = "Default"
    @Option(name: .long, help: "Which traces, such as \"status = 'ERROR' AND tags.env = 'prod'\".")
    var filter: String?
    @Option(name: .customLong("order-by"), help: "What to sort by, such as \"execution_time_ms DESC\".")
    var order: [String] = []

    func run(_ session: Session) async throws {
        let found = try await MLflowPages(session).experiment(experiment)
        let traces = try await TracePages(session).traces(
            experiments: [Words.text(found["experiment_id"])],
            filter: filter,
            order: order,
            limit: list.limit
        )
        guard !session.wroteJSON(["traces": .array(traces)]) else { return }
        var table = TextTable([
            .init(title: "TRACE", isFixed: true), .init(title: "NAME"), .init(title: "STATE", colour: Words.colour),
            .init(title: "STARTED"), .init(title: "TOOK", alignment: .right), .init(title: "REQUEST"),
        ])
        for trace in traces {
            table.add([
                Words.text(trace["trace_id"]), Words.text(trace["tags"]?["mlflow.traceName"]),
                Words.text(trace["state"]), Self.time(trace["request_time"]), Words.text(trace["execution_duration"]),
                Words.text(trace["request_preview"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no traces.")
    }

    /// A time of protobuf's JSON as other tables show times.
    static func time(_ value: JSONValue?) -> String {
        guard let text = value?.stringValue, text.count >= 19 else { return "–" }
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
    }
}
