import Core
import Foundation

/// Measures pipelines; figures come as one line of JSON.
///
/// `PipelineBenchmark graph TASKS SHAPE PARALLEL` runs a graph of empty steps, `PipelineBenchmark chain TASKS` a chain of
/// commands, `PipelineBenchmark start RUNS` runs of one empty step, `PipelineBenchmark schedules` looks at 200; each over a database file of its own, as durable as
/// a server's.
@main
struct PipelineBenchmark {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        func number(_ position: Int, _ standard: Int) -> Int {
            words.dropFirst(position).first.flatMap { Int($0) } ?? standard
        }
        let figures: JSONValue
        switch words.first {
        case "graph":
            let shape = GraphBench.Shape(rawValue: words.dropFirst(2).first ?? "layers") ?? .layers
            figures = try await GraphBench(tasks: number(1, 10_000), shape: shape, parallel: number(3, 16)).run()
        case "chain": figures = try await ChainBench(tasks: number(1, 200)).run()
        case "start": figures = try await StartBench(runs: number(1, 200)).run()
        case "schedules": figures = try await ScheduleBench.run()
        default:
            throw MartletError(.invalidArgument, "Name what to measure: graph, chain or start.")
        }
        FileHandle.standardOutput.write(Data((figures.description + "\n").utf8))
    }
}
