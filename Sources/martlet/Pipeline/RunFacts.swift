import Core

/// One run of a pipeline with its tasks.
enum RunFacts {
    static func write(_ run: JSONValue, _ session: Session) {
        var facts = Facts()
        facts.add("run", Words.text(run["id"]))
        facts.add("pipeline", Words.text(run["pipeline"]))
        facts.add("state", Words.text(run["state"]))
        facts.add("parameters", Words.text(run["parameters"]))
        facts.add("started by", Words.text(run["trigger"]))
        facts.add("started", Words.time(run["started_at"]))
        facts.add("took", Words.span(run["started_at"], run["finished_at"], now: session.clock.now))
        facts.add("error", run["error"]?.stringValue)
        facts.write(to: session.terminal)
        session.terminal.line()
        var table = TextTable([
            .init(title: "TASK", isFixed: true), .init(title: "STATE", colour: Words.colour),
            .init(title: "ATTEMPT", alignment: .right), .init(title: "TOOK", alignment: .right),
            .init(title: "MESSAGE"),
        ])
        for task in run["tasks"]?.arrayValue ?? [] {
            table.add([
                Words.text(task["task"] ?? task["name"]), Words.text(task["state"]), Words.text(task["attempt"]),
                Words.span(task["started_at"], task["finished_at"], now: session.clock.now),
                Words.text(task["error"]?.stringValue.map(JSONValue.string) ?? task["message"]),
            ])
        }
        table.write(to: session.terminal, empty: "No task has started.")
    }
}
