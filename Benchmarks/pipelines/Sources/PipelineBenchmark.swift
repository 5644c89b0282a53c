import Core

/// Measures pipelines; figures come as one line of JSON.
@main
struct PipelineBenchmark {
    static func main() {}
}
