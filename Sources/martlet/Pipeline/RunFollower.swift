import ArgumentParser
import Core

/// Prints a run's log lines as they come, until the run has ended and every line was printed.
struct RunFollower {
    let runID: String
    /// Only this task's lines; nil for all.
    let task: String?
    let session: Session

    /// Follows and returns the run as it ended.
    func follow() async throws -> JSONValue {
        var positions: [String: Int64] = [:]
        var failures = 0
        while true {
            do {
                // The state is read before the lines, so that the last look sees every line of an ended run.
                let run = try await session.server.get(path)
                try await printNew(run, &positions)
                failures = 0
                let state = run["state"]?.stringValue ?? ""
                if ["succeeded", "failed", "cancelled"].contains(state) { return run }
            } catch let error as MartletError where error.code == .unavailable || error.code == .deadlineExceeded {
                // A server that restarts carries the run on; so does the one who follows it.
                failures += 1
                guard failures < CommandLimits.followFailures else { throw error }
            }
            try await session.clock.sleep(for: CommandLimits.followInterval)
        }
    }

    /// Follows a run, shows how it ended, and ends with status 1 unless it succeeded.
    static func finish(_ id: String, _ session: Session) async throws {
        let run = try await RunFollower(runID: id, task: nil, session: session).follow()
        if !session.wroteJSON(run) {
            session.terminal.line()
            RunFacts.write(run, session)
        }
        if run["state"] != "succeeded" { throw ExitCode.failure }
    }

    /// Prints what is there now.
    func printOnce() async throws -> JSONValue {
        let run = try await session.server.get(path)
        var positions: [String: Int64] = [:]
        try await printNew(run, &positions)
        return run
    }

    private var path: String {
        "/api/martlet/v1/pipeline-runs/\(ServerClient.segment(runID))"
    }

    private func printNew(_ run: JSONValue, _ positions: inout [String: Int64]) async throws {
        let names = (run["tasks"]?.arrayValue ?? []).compactMap { ($0["task"] ?? $0["name"])?.stringValue }
        if let task, !names.contains(task) {
            throw MartletError(
                .notFound,
                "The run has no task '\(task)'; it has \(names.joined(separator: ", "))."
            )
        }
        let width = names.reduce(0) { max($0, $1.count) }
        for name in names where task == nil || task == name {
            try await printTask(name, width, &positions)
        }
    }

    private func printTask(_ name: String, _ width: Int, _ positions: inout [String: Int64]) async throws {
        while true {
            let after = positions[name] ?? 0
            let answer = try await session.server.get(
                path + "/logs",
                query: [("task", name), ("after", "\(after)")]
            )
            let lines = answer["items"]?.arrayValue ?? []
            var last = after
            for line in lines {
                last = max(last, line["position"]?.integerValue ?? after)
                show(line, name, width)
            }
            positions[name] = last
            // A full page that brought nothing new would be asked for again for ever.
            guard !lines.isEmpty, last > after else { return }
        }
    }

    private func show(_ line: JSONValue, _ name: String, _ width: Int) {
        guard !session.json else { return }
        let text = DisplayText.safe(line["line"]?.stringValue ?? "")
        let label = name + String(repeating: " ", count: width - name.count)
        let colour: Terminal.Colour? =
            switch line["stream"]?.stringValue {
            case "error": .bad
            case "martlet": .dim
            default: nil
            }
        let prefix = task == nil ? session.terminal.paint(label, .dim) + "  " : ""
        session.terminal.line(prefix + (colour.map { session.terminal.paint(text, $0) } ?? text))
    }
}
