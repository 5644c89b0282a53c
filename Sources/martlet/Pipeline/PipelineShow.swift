import ArgumentParser
import Core

/// `martlet pipeline show NAME`.
struct PipelineShow: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a pipeline's tasks, or the tasks of one run."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The pipeline's name, or the id of a run.")
    var name: String

    func run(_ session: Session) async throws {
        if name.count == 32, name.allSatisfy(\.isHexDigit), let run = try await PipelineRuns.find(name, session) {
            guard !session.wroteJSON(run) else { return }
            RunFacts.write(run, session)
            return
        }
        let pipeline = try await session.server.get("/api/martlet/v1/pipelines/\(ServerClient.segment(name))")
        guard !session.wroteJSON(pipeline) else { return }
        var facts = Facts()
        facts.add("name", Words.text(pipeline["name"]))
        facts.add("parameters", Words.text(pipeline["parameters"]))
        facts.write(to: session.terminal)
        session.terminal.line()
        let edges = pipeline["edges"]?.arrayValue ?? []
        var table = TextTable([
            .init(title: "TASK", isFixed: true), .init(title: "DOES"), .init(title: "NEEDS"),
            .init(title: "RETRIES", alignment: .right), .init(title: "TIMEOUT", alignment: .right),
        ])
        for node in pipeline["nodes"]?.arrayValue ?? [] {
            let needs = edges.filter { $0["to"] == node["task"] }.compactMap { $0["from"] }
            table.add([
                Words.text(node["task"]), Words.text(node["step"] ?? node["run"] ?? node["script"]),
                Words.text(.array(needs)), Words.text(node["retries"]),
                node["timeout_ms"]?.integerValue.map { Words.duration(milliseconds: max(0, $0)) } ?? "–",
            ])
        }
        table.write(to: session.terminal, empty: "The pipeline has no tasks.")
    }
}
