import ArgumentParser
import Core

/// `martlet schedule backfill PIPELINE TRIGGER --from … --to …`.
struct ScheduleBackfill: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Make up for the past of a schedule: one run for each of its times in a range.",
        discussion: """
            Dates are read on the clocks of the schedule's zone; the last day belongs to the range. With --wait its progress is
            printed until it ends; the status is 1 unless every run succeeded.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "The first day, such as 2026-01-01, or a time.")
    var from: String
    @Option(name: .customLong("to"), help: "The last day, or a time.")
    var through: String
    @Option(name: .long, help: "Times of the schedule to a run; 1 unless given.")
    var chunk: Int?
    @Option(name: .long, help: "Runs at the same time; 4 unless given.")
    var maxActive: Int?
    @Option(name: .long, help: "missing (times without a run), failed (without a good one) or all.")
    var rerun: String?
    @Option(name: .long, help: "The priority of the runs; somewhat below the trigger's unless given.")
    var priority: Int?
    @Option(
        name: .customLong("param"),
        help: ArgumentHelp("A parameter instead of the trigger's; repeat for more.", valueName: "k=v")
    )
    var parameters: [String] = []
    @Flag(name: .long, help: "Print its progress until it ends.")
    var wait = false
    @OptionGroup var which: TriggerOptions

    func run(_ session: Session) async throws {
        var body: JSONObject = [
            "from": .string(from), "to": .string(through), "parameters": .object(try PipelineRun.parsed(parameters)),
        ]
        if let chunk { body["chunk"] = .int(chunk) }
        if let maxActive { body["max_active"] = .int(maxActive) }
        if let rerun { body["rerun"] = .string(rerun) }
        if let priority { body["priority"] = .int(priority) }
        let path = ScheduleCommand.path(which.pipeline, which.trigger, "/backfills")
        let begun = try await session.server.send("POST", path, .object(body))
        guard let id = begun["id"]?.stringValue else {
            throw MartletError(.internal, "The server began a backfill but did not name it.")
        }
        guard wait else {
            guard !session.wroteJSON(begun) else { return }
            session.terminal.line(id)
            session.terminal.note("\(Words.text(begun["runs"])) runs; see `martlet schedule backfills`.")
            return
        }
        let ended = try await follow(id, session)
        _ = session.wroteJSON(ended)
        if ended["state"] != "succeeded" { throw ExitCode.failure }
    }

    /// Prints each change of a backfill until it has ended.
    private func follow(_ id: String, _ session: Session) async throws -> JSONValue {
        var said = ""
        while true {
            let backfill = try await session.server.get("/api/martlet/v1/backfills/\(ServerClient.segment(id))")
            let line = ScheduleBackfills.progress(backfill)
            if line != said { session.terminal.note(line) }
            said = line
            guard backfill["state"] == "running" else { return backfill }
            try await session.clock.sleep(for: CommandLimits.followInterval)
        }
    }
}

/// `martlet schedule backfills`.
struct ScheduleBackfills: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfills",
        abstract: "List backfills, the newest first; or show how one stands."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "Only those of this pipeline.")
    var pipeline: String?
    @Argument(help: "The id of one.")
    var backfill: String?

    func run(_ session: Session) async throws {
        if let backfill {
            let one = try await session.server.get("/api/martlet/v1/backfills/\(ServerClient.segment(backfill))")
            guard !session.wroteJSON(one) else { return }
            session.terminal.line(Self.progress(one))
            return
        }
        let path = "/api/martlet/v1/backfills"
        let backfills = try await session.items(path, query: [("pipeline", pipeline)], limit: list.limit)
        guard !session.wroteJSON(["items": .array(backfills)]) else { return }
        var table = TextTable([
            .init(title: "BACKFILL", isFixed: true), .init(title: "PIPELINE"), .init(title: "TRIGGER"),
            .init(title: "STATE", colour: Words.colour), .init(title: "FROM"), .init(title: "TO"),
            .init(title: "RUNS", alignment: .right), .init(title: "STARTED", alignment: .right),
            .init(title: "SKIPPED", alignment: .right),
        ])
        for backfill in backfills {
            table.add([
                Words.text(backfill["id"]), Words.text(backfill["pipeline"]), Words.text(backfill["trigger"]),
                Words.text(backfill["state"]), Words.time(backfill["from"]), Words.time(backfill["to"]),
                Words.text(backfill["runs"]), Words.text(backfill["started"]), Words.text(backfill["skipped"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no backfills.")
    }

    /// How a backfill stands, in a line.
    static func progress(_ backfill: JSONValue) -> String {
        let share = Int(((backfill["progress"]?.doubleValue ?? 0) * 100).rounded(.down))
        let states = (backfill["run_states"]?.objectValue ?? [:]).pairs.map { "\($1) \($0)" }
        let skipped = backfill["skipped"]?.integerValue ?? 0
        let refused = backfill["refused"]?.integerValue ?? 0
        let parts = states + (skipped > 0 ? ["\(skipped) skipped"] : []) + (refused > 0 ? ["\(refused) refused"] : [])
        let counts = parts.isEmpty ? "" : ": \(parts.joined(separator: ", "))"
        return "\(Words.text(backfill["state"])), \(share) % of \(Words.text(backfill["runs"])) runs\(counts)"
    }
}

/// `martlet schedule cancel BACKFILL`.
struct ScheduleCancel: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "cancel", abstract: "Stop a backfill.")

    @OptionGroup var options: GlobalOptions
    @Flag(name: .long, help: "Cancel its runs that are under way, too.")
    var runs = false
    @Argument(help: "The backfill's id.")
    var backfill: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/backfills/\(ServerClient.segment(backfill))/cancel"
        let answer = try await session.server.send("POST", path, ["runs": .bool(runs)])
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("The backfill \(backfill) starts no more runs.")
    }
}
