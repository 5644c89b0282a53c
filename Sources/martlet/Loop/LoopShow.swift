import ArgumentParser
import Core

/// `martlet loop show ID`.
struct LoopShow: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a loop's timeline.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The loop's id.")
    var loop: String

    func run(_ session: Session) async throws {
        let found = try await session.server.get("/api/martlet/v1/loops/\(ServerClient.segment(loop))")
        guard !session.wroteJSON(found) else { return }
        Self.facts(found, now: session.clock.now).write(to: session.terminal)
        session.terminal.line()
        Self.gate(found, session.terminal)
        Self.timeline(found, now: session.clock.now, session.terminal)
    }

    private static func facts(_ loop: JSONValue, now: Timestamp) -> Facts {
        var facts = Facts()
        facts.add("loop", Words.text(loop["id"]))
        facts.add("trigger", Words.text(loop["trigger"]))
        facts.add("state", LoopList.state(loop["state"]))
        facts.add("signal", "\(Words.text(loop["signal"]?["kind"])): \(Words.text(loop["signal"]?["message"]))")
        facts.add("model", "\(Words.text(loop["model"]))@\(Words.text(loop["alias"]))")
        facts.add("champion", loop["champion_version"]?.integerValue.map { "version \($0)" })
        facts.add("version", Words.text(loop["version"]))
        facts.add("pipeline run", Words.text(loop["pipeline_run"]))
        facts.add("commit", loop["commit"]?.stringValue)
        facts.add("opened", Words.time(loop["opened_at"]))
        facts.add("took", Words.span(loop["opened_at"], loop["finished_at"], now: now))
        if let awaiting = loop["awaiting"], awaiting != .null {
            let who = awaiting["by"]?.arrayValue ?? []
            facts.add(
                "waits for",
                "approval before \(Words.text(awaiting["stage"])), by "
                    + (who.isEmpty ? "whoever may operate" : who.map { Words.text($0) }.joined(separator: ", "))
                    + ", until \(Words.time(awaiting["expires_at"]))"
            )
        }
        for approval in loop["approvals"]?.arrayValue ?? [] {
            facts.add(
                "approved",
                "\(Words.text(approval["stage"])) by \(Words.text(approval["by"])) at \(Words.time(approval["at"]))"
            )
        }
        return facts
    }

    /// What each rule of the gate found.
    private static func gate(_ loop: JSONValue, _ terminal: Terminal) {
        guard let gate = loop["gate"], gate != .null else { return }
        var table = TextTable([
            .init(title: "GATE", colour: Words.colour), .init(title: "RULE"),
            .init(title: "CANDIDATE", alignment: .right),
            .init(title: "CHAMPION", alignment: .right), .init(title: "FINDING"),
        ])
        func add(_ rule: String, _ finding: JSONValue, _ candidate: JSONValue?, _ champion: JSONValue?) {
            let verdict = finding["passed"]?.boolValue == true ? "passed" : "failed"
            table.add([verdict, rule, Words.text(candidate), Words.text(champion), Words.text(finding["reason"])])
        }
        for finding in gate["metrics"]?.arrayValue ?? [] {
            add(Words.text(finding["metric"]), finding, finding["candidate"], finding["champion"])
        }
        for finding in gate["fairness"]?.arrayValue ?? [] {
            let rule = "\(Words.text(finding["metric"])) by \(Words.text(finding["column"]))"
            add(rule, finding, finding["gap"], nil)
        }
        if let finding = gate["latency"] {
            add("latency", finding, finding["candidate_seconds"], finding["champion_seconds"])
        }
        if let finding = gate["size"] { add("size", finding, finding["candidate_bytes"], finding["champion_bytes"]) }
        table.write(to: terminal, empty: "")
        terminal.line()
    }

    /// Every line with how long it lasted until the next one, and the plain figures behind it.
    private static func timeline(_ loop: JSONValue, now: Timestamp, _ terminal: Terminal) {
        let events = loop["events"]?.arrayValue ?? []
        var table = TextTable([
            .init(title: "AT", isFixed: true), .init(title: "LASTED", alignment: .right),
            .init(title: "STATE", colour: Words.colour), .init(title: "WHAT HAPPENED"), .init(title: "EVIDENCE"),
        ])
        for (position, event) in events.enumerated() {
            let next = position + 1 < events.count ? events[position + 1]["at"] : loop["finished_at"]
            let isOutcome = position + 1 == events.count && loop["finished_at"]?.integerValue != nil
            table.add([
                Words.time(event["at"]), isOutcome ? "–" : Words.span(event["at"], next, now: now),
                LoopList.state(event["state"]), Words.text(event["message"]), evidence(event),
            ])
        }
        table.write(to: terminal, empty: "Nothing has happened yet.")
    }

    private static func evidence(_ event: JSONValue) -> String {
        let pairs = (event["links"]?.objectValue?.pairs ?? []) + (event["evidence"]?.objectValue?.pairs ?? [])
        let plain = pairs.filter { _, value in
            switch value {
            case .integer, .number, .bool: true
            case .string(let text): !text.isEmpty && text.count <= 40
            case .null, .array, .object: false
            }
        }
        return plain.prefix(8).map { "\($0.key)=\(Words.text($0.value))" }.joined(separator: " ")
    }
}
