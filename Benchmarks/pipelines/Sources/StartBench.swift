import Core
import Foundation
import Pipelines
import Synchronization

/// From asking for a run until its first task works.
struct StartBench: Sendable {
    let runs: Int

    /// Starts runs one after the other and measures each.
    func run() async throws -> JSONValue {
        let clock = ContinuousClock()
        let working = Mutex<ContinuousClock.Instant?>(nil)
        let empty = BuiltinStep(name: "bench.empty", summary: "Nothing.", parameters: []) { _ in
            working.withLock { $0 = clock.now }
            return [:]
        }
        let server = try await BenchServer(
            ["tasks": ["a": ["step": "bench.empty"]]],
            steps: [empty],
            parallel: 4
        )
        return try await server.serving {
            var latencies: [Double] = []
            var totals: [Double] = []
            for _ in 0..<runs {
                let begin = clock.now
                let id = try await server.service.startRun(pipeline: "p")
                _ = try await server.service.waitForRun(id)
                totals.append((clock.now - begin) / .milliseconds(1))
                if let start = working.withLock({ $0 }) { latencies.append((start - begin) / .milliseconds(1)) }
            }
            return ["start_milliseconds": Figures.of(latencies), "run_milliseconds": Figures.of(totals)]
        }
    }
}

/// A chain of commands: from the end of one process until the next one's first instruction.
struct ChainBench: Sendable {
    let tasks: Int

    /// Runs the chain and measures each step of it.
    ///
    /// Each command writes the time at which it began and the time at which it ends.
    func run() async throws -> JSONValue {
        var pairs: [(String, JSONValue)] = []
        for index in 0..<tasks {
            let file = "${pipeline.directory}/times.\(index)"
            var task: JSONObject = ["run": ["/bin/sh", "-c", "date +%s%N > \"$1\"", "sh", .string(file)]]
            if index > 0 { task["needs"] = [.string("t\(index - 1)")] }
            pairs.append(("t\(index)", .object(task)))
        }
        let server = try await BenchServer(["tasks": .object(JSONObject(pairs))], steps: [], parallel: 4)
        return try await server.serving {
            let clock = ContinuousClock()
            let begin = clock.now
            let id = try await server.service.startRun(pipeline: "p")
            let run = try await server.service.waitForRun(id)
            let total = (clock.now - begin) / .milliseconds(1)
            guard run.state == .succeeded else { throw MartletError(.internal, "\(run.error ?? "The run failed.")") }
            var times: [Double] = []
            for index in 0..<tasks {
                let text = try String(contentsOfFile: "\(server.directory)/times.\(index)", encoding: .utf8)
                guard let time = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { continue }
                times.append(time / 1_000_000)
            }
            let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
            return [
                "tasks": .int(tasks), "seconds": .number(total / 1000),
                "milliseconds_per_task": .number(total / Double(tasks)), "gap_milliseconds": Figures.of(gaps),
            ]
        }
    }
}
