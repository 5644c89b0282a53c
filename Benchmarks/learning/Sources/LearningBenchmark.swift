import Core

/// Measures learning; figures come as one line of JSON.
@main
struct LearningBenchmark {
    static func main() {}
}
