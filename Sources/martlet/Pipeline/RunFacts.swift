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
        let tasks = run["tasks"]?.arrayValue ?? []
        let isMeasured = tasks.contains { $0["usage"] != nil }
        var columns: [TextTable.Column] = [
            .init(title: "TASK", isFixed: true), .init(title: "STATE", colour: Words.colour),
            .init(title: "ATTEMPT", alignment: .right), .init(title: "TOOK", alignment: .right),
        ]
        if isMeasured {
            columns += [.init(title: "CPU", alignment: .right), .init(title: "MEMORY", alignment: .right)]
        }
        var table = TextTable(columns + [.init(title: "MESSAGE")])
        for task in tasks {
            let isCached = task["cached"]?.boolValue ?? false
            var cells = [
                Words.text(task["task"] ?? task["name"]), isCached ? "cached" : Words.text(task["state"]),
                Words.text(task["attempt"]),
                Words.span(task["started_at"], task["finished_at"], now: session.clock.now),
            ]
            if isMeasured { cells += [cpu(task["usage"]), memory(task["usage"])] }
            table.add(cells + [Words.text(task["error"]?.stringValue.map(JSONValue.string) ?? task["message"])])
        }
        table.write(to: session.terminal, empty: "No task has started.")
        guard run["tasks_page_token"] != nil else { return }
        let counts = run["task_counts"]?.objectValue?.pairs.map { "\($0.1) \($0.0)" }.joined(separator: ", ") ?? ""
        session.terminal.note("There are more tasks; of all, \(counts).")
    }

    private static func cpu(_ usage: JSONValue?) -> String {
        guard let seconds = usage?["cpu_seconds"]?.doubleValue else { return "–" }
        return Words.duration(milliseconds: Int64(max(0, seconds * 1000)))
    }

    private static func memory(_ usage: JSONValue?) -> String {
        guard let bytes = usage?["peak_memory_bytes"]?.doubleValue else { return "–" }
        return "\(Int64(bytes / 1_048_576)) MiB"
    }
}
