import Core
import Foundation

/// Measures learning: `train`, `explain`, `ingest`, `sampler`, `memory` or `studies`; figures come as lines of JSON.
@main
struct LearningBenchmark {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            switch arguments.first {
            case "train": try await TrainingBench.run(Array(arguments.dropFirst()))
            case "explain": try ExplainBench.run(Array(arguments.dropFirst()))
            case "ingest": try await IngestBench.run(Array(arguments.dropFirst()))
            case "sampler": SamplerConversation.run()
            case "memory": MemoryBench.run()
            case "studies": try await StudyBench.run()
            default: throw MartletError(.invalidArgument, "Say train, explain, ingest, sampler, memory or studies.")
            }
        } catch {
            FileHandle.standardError.write(Data("\(MartletError.wrapping(error).message)\n".utf8))
            exit(1)
        }
    }
}
