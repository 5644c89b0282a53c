import ArgumentParser
import Core

/// `martlet replay --deployment NAME --candidate models:/MODEL/VERSION`.
struct ReplayStart: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Replay a deployment's ledger on a candidate and show what comes out.",
        discussion: """
            The status is 0 when the gate passes, or when there is a report and no gate; 3 when the gate fails; and 1 when \
            something is wrong or nothing can be decided, as with an empty ledger.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "The deployment whose predictions are asked again.")
    var deployment: String
    @Option(name: .long, help: "The candidate: models:/NAME/VERSION or models:/NAME@ALIAS.")
    var candidate: String
    @Option(name: .long, help: "How far back, such as 90m, 24h or 7d; or milliseconds since 1970.")
    var since = "24h"
    @Option(name: .long, help: "Where to end: a duration before now, or milliseconds since 1970. (default: now)")
    var until: String?
    @Option(name: .long, help: "Predictions that are asked again at most, the newest first. (default: 100000)")
    var limit: Int?
    @Option(
        name: .customLong("segment"),
        help: "By what to split: prediction, version, arm, entity or a column; repeat for more."
    )
    var segments: [String] = []
    @Option(name: .long, help: "Relative difference from which two numbers are different answers. (default: 0.1)")
    var tolerance: Double?
    @Option(name: .customLong("minimum-rows"), help: "Gate: compared predictions needed.")
    var minimumRows: Int?
    @Option(name: .customLong("minimum-agreement"), help: "Gate: share of the answers that must be the same, 0 to 1.")
    var minimumAgreement: Double?
    @Option(
        name: .customLong("max-drop"),
        help: "Gate: tolerated loss of accuracy; of a regression's error, its tolerated growth."
    )
    var maximumDrop: Double?
    @Option(
        name: .customLong("minimum-labels"),
        help: "Gate: labels needed for --max-drop. (default: as --minimum-rows)"
    )
    var minimumLabels: Int?
    @Option(
        name: .customLong("max-latency-ratio"),
        help: "Gate: tolerated ratio of the 95 % latency to the serving version's."
    )
    var maximumLatencyRatio: Double?
    @Flag(name: .customLong("no-wait"), help: "Print the id and do not wait for the end.")
    var noWait = false

    /// The body of the request.
    var body: JSONValue {
        var object: JSONObject = [
            "deployment": .string(deployment), "candidate": .string(candidate), "since": Self.moment(since),
        ]
        object["until"] = until.map(Self.moment)
        object["limit"] = limit.map { .int($0) }
        if !segments.isEmpty { object["segments"] = .array(segments.map(JSONValue.string)) }
        object["tolerance"] = tolerance.map(JSONValue.number)
        var gate = JSONObject()
        gate["minimum_rows"] = minimumRows.map { .int($0) }
        gate["minimum_agreement"] = minimumAgreement.map(JSONValue.number)
        gate["max_drop"] = maximumDrop.map(JSONValue.number)
        gate["minimum_labels"] = minimumLabels.map { .int($0) }
        gate["max_latency_ratio"] = maximumLatencyRatio.map(JSONValue.number)
        if !gate.isEmpty { object["gate"] = .object(gate) }
        return .object(object)
    }

    private static func moment(_ text: String) -> JSONValue {
        Int64(text).map(JSONValue.integer) ?? .string(text)
    }

    func run(_ session: Session) async throws {
        let started = try await session.server.send("POST", "/api/martlet/v1/replays", body)
        guard let id = started["id"]?.stringValue else {
            throw MartletError(.internal, "The server began a replay but did not name it.")
        }
        guard !noWait else {
            guard !session.wroteJSON(started) else { return }
            session.terminal.line(id)
            session.terminal.note("See what came of it with `martlet replay show \(id)`.")
            return
        }
        let ended = try await Self.wait(for: id, session)
        if !session.wroteJSON(ended) { ReplayText.write(ended, session) }
        let status = Self.status(ended)
        guard status == 0 else { throw ExitCode(status) }
    }

    private static func wait(for id: String, _ session: Session) async throws -> JSONValue {
        var told = session.clock.now
        while true {
            let replay = try await session.server.get("/api/martlet/v1/replays/\(ServerClient.segment(id))")
            let state = replay["state"]?.stringValue ?? ""
            guard state == "queued" || state == "running" else { return replay }
            if session.clock.now >= told + .seconds(5) {
                told = session.clock.now
                session.terminal.note("\(state): \(Words.text(replay["rows_read"])) predictions read")
            }
            try await session.clock.sleep(for: .milliseconds(200))
        }
    }

    /// The status of the command for a replay that has ended.
    static func status(_ replay: JSONValue) -> Int32 {
        guard replay["state"] == "succeeded" else { return 1 }
        switch replay["verdict"]?.stringValue {
        case "pass", "reported": return 0
        case "fail": return 3
        default: return 1
        }
    }
}
