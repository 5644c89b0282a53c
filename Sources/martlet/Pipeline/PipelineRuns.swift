import ArgumentParser
import Core

/// `martlet pipeline runs`.
struct PipelineRuns: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List runs of pipelines, newest first."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "Only runs in this state.")
    var state: String?
    @Argument(help: "Only runs of this pipeline.")
    var pipeline: String?

    func run(_ session: Session) async throws {
        let runs = try await session.items(
            "/api/martlet/v1/pipeline-runs",
            query: [("pipeline", pipeline), ("state", state)],
            limit: list.limit
        )
        guard !session.wroteJSON(["items": .array(runs)]) else { return }
        var table = TextTable([
            .init(title: "RUN", isFixed: true), .init(title: "PIPELINE"), .init(title: "STATE", colour: Words.colour),
            .init(title: "STARTED"), .init(title: "TOOK", alignment: .right), .init(title: "BY"),
            .init(title: "PARAMETERS"),
        ])
        for run in runs {
            table.add([
                Words.text(run["id"]), Words.text(run["pipeline"]), Words.text(run["state"]),
                Words.time(run["started_at"]),
                Words.span(run["started_at"], run["finished_at"], now: session.clock.now), Words.text(run["trigger"]),
                Words.text(run["parameters"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no runs; start one with `martlet pipeline run NAME`.")
    }

    /// The run with this id, or nil when there is none.
    static func find(_ id: String, _ session: Session) async throws -> JSONValue? {
        do {
            return try await session.server.get("/api/martlet/v1/pipeline-runs/\(ServerClient.segment(id))")
        } catch let error as MartletError where error.code == .notFound {
            return nil
        }
    }
}
