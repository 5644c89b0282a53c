import Core
import Foundation
import Pipelines
import Synchronization

/// A graph of steps that do nothing: all the time is Martlet's.
struct GraphBench: Sendable {
    /// How the tasks need each other.
    enum Shape: String, Sendable {
        /// Layers of 100, each task needing two of the layer before.
        case layers
        /// One after the other.
        case chain
        /// None needs another.
        case wide
        /// One task that fans out.
        case fanout
    }

    let tasks: Int
    let shape: Shape
    let parallel: Int

    private var document: JSONValue {
        if shape == .fanout {
            let items = JSONValue.array((0..<tasks).map { .int($0) })
            return ["tasks": ["t": ["step": "bench.empty", "foreach": items, "fan_out": ["limit": .int(tasks)]]]]
        }
        var pairs: [(String, JSONValue)] = []
        for index in 0..<tasks {
            var task: JSONObject = ["step": "bench.empty"]
            let needs: [Int] =
                switch shape {
                case .wide, .fanout: []
                case .chain: index == 0 ? [] : [index - 1]
                case .layers:
                    index < 100
                        ? [] : [index / 100 * 100 - 100 + index % 100, index / 100 * 100 - 100 + (index + 1) % 100]
                }
            if !needs.isEmpty { task["needs"] = .array(needs.map { .string("t\($0)") }) }
            pairs.append(("t\(index)", .object(task)))
        }
        return ["tasks": .object(JSONObject(pairs))]
    }

    /// Runs it once and measures.
    func run() async throws -> JSONValue {
        let peak = Mutex(0)
        let count = Mutex(0)
        let empty = BuiltinStep(name: "bench.empty", summary: "Nothing.", parameters: []) { _ in
            let number = count.withLock { number in
                number += 1
                return number
            }
            if number % 100 == 0 {
                let bytes = Figures.residentBytes()
                peak.withLock { $0 = max($0, bytes) }
            }
            return [:]
        }
        let server = try await BenchServer(document, steps: [empty], parallel: parallel)
        let before = Figures.residentBytes()
        return try await server.serving {
            let clock = ContinuousClock()
            let processor = Figures.processorMilliseconds()
            let begin = clock.now
            let id = try await server.service.startRun(pipeline: "p")
            let started = clock.now
            let run = try await server.service.waitForRun(id)
            let end = clock.now
            guard run.state == .succeeded else { throw MartletError(.internal, "The run \(run.state.rawValue).") }
            let total = (end - begin) / .milliseconds(1)
            return [
                "tasks": .int(tasks), "shape": .string(shape.rawValue), "parallel": .int(parallel),
                "seconds": .number(total / 1000), "milliseconds_per_task": .number(total / Double(tasks)),
                "asking_milliseconds": .number((started - begin) / .milliseconds(1)),
                "processor_milliseconds_per_task": .number(
                    (Figures.processorMilliseconds() - processor) / Double(tasks)
                ),
                "rss_before": .int(before), "rss_peak": .int(peak.withLock { max($0, before) }),
                "rss_after": .int(Figures.residentBytes()),
            ]
        }
    }
}
