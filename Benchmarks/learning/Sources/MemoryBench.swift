import Core
import Sampling

/// What a sampler costs without storage: ask and tell of five numbers, as Optuna's figure is measured.
enum MemoryBench {
    /// The median time per trial in milliseconds, by sampler and by how many trials there were.
    static func run() {
        print(JSONValue.object(figures()).description)
    }

    static func figures() -> JSONObject {
        var figures = JSONObject()
        for (name, text) in [
            ("tpe", #"{"type": "tpe"}"#), ("tpe_independent", #"{"type": "tpe", "multivariate": false}"#),
            ("random", #"{"type": "random"}"#), ("cmaes", #"{"type": "cmaes"}"#),
        ] {
            figures[name] = (try? measure(text)) ?? "failed"
        }
        return figures
    }

    private static func measure(_ sampler: String) throws -> JSONValue {
        let numbers = (0..<5).map { ("x\($0)", ParameterDistribution.float(low: 0, high: 1)) }
        let spec = try SamplerSpec(try JSONFields(try JSONValue.parse(sampler)))
        var study = Study(space: try SearchSpace(numbers), sampler: spec.make())
        var times: [Double] = []
        let clock = ContinuousClock()
        for _ in 0..<1000 {
            let start = clock.now
            let trial = try study.ask()
            try study.tell(trial.number, [trial.values.reduce(0) { $0 + $1 * $1 }])
            times.append((clock.now - start) / .milliseconds(1))
        }
        return [
            "trials_10_100": .number(Self.median(times[10..<100])),
            "trials_90_100": .number(Self.median(times[90..<100])),
            "trials_900_1000": .number(Self.median(times[900..<1000])),
        ]
    }

    static func median(_ times: ArraySlice<Double>) -> Double {
        let sorted = times.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }
}
