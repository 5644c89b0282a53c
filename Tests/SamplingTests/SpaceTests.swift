import Core
import Sampling
import Testing

@Suite("Search spaces")
struct SpaceTests {
    private func space(_ text: String) throws -> SearchSpace {
        try SearchSpace(json: try JSONValue.parse(text).objectValue ?? [:], path: "space")
    }

    private static let conditional = #"""
        {"kind": {"type": "categorical", "choices": ["linear", "tree", 3, null, true]},
         "depth": {"type": "int", "low": 1, "high": 9, "when": {"kind": ["tree", 3]}},
         "leaf": {"type": "float", "low": 0.001, "high": 1, "log": true, "when": {"depth": {"min": 5}}},
         "rate": {"type": "float", "low": 0, "high": 1, "step": 0.3}}
        """#

    @Test("survive being written and read, conditions and all")
    func json() throws {
        let space = try space(Self.conditional)
        #expect(try SearchSpace(json: space.json, path: "space") == space)
        #expect(space.isConditional)
        // The upper end lies on a step.
        #expect(space.parameters[3].distribution == .float(low: 0, high: 0.8999999999999999, step: 0.3))
    }

    @Test(
        "have the parameters whose conditions hold",
        arguments: ["random", "tpe", "sobol", "halton", "nsga2", "grid"]
    )
    func conditions(_ name: String) throws {
        let kind = try #require(SamplerSpec.Kind(rawValue: name))
        var study = Study(space: try space(Self.conditional), sampler: SamplerSpec(kind, seed: 4).make())
        var seen: Set<String> = []
        for _ in 0..<60 {
            let trial = try study.ask()
            let names = study.history.space.texts(of: trial.values).map(\.name)
            let (kind, depth) = (trial.values[0], trial.values[1])
            #expect(names.contains("kind") && names.contains("rate"))
            #expect(names.contains("depth") == (kind == 1 || kind == 2))
            #expect(names.contains("leaf") == (depth >= 5))
            seen.formUnion(names)
            try study.tell(trial.number, [trial.values[3] + (depth.isNaN ? 1 : 0)])
        }
        #expect(seen.count == 4)
    }

    @Test("are searched in groups of parameters that exist together")
    func groups() throws {
        var spec = SamplerSpec(.tpe, seed: 2)
        spec.tpe.isGrouped = true
        var study = Study(space: try space(Self.conditional), sampler: spec.make())
        for _ in 0..<40 {
            let trial = try study.ask()
            try study.tell(trial.number, [trial.values[1].isNaN ? 5 : abs(trial.values[1] - 7)])
        }
        #expect(study.best?.values[1] == 7)
    }

    @Test(
        "refuse what makes no sense, by the parameter's name",
        arguments: [
            (#"{"type": "float", "low": 2, "high": 1}"#, "above"),
            (#"{"type": "float", "low": -1e308, "high": 1e308}"#, "wide"),
            (#"{"type": "float", "low": 0, "high": 1, "log": true}"#, "above 0"),
            (#"{"type": "float", "low": 1, "high": 2, "step": 3}"#, "wider"),
            (#"{"type": "float", "low": 1, "high": 2, "step": 0}"#, "step"),
            (#"{"type": "float", "low": 1, "high": 2, "log": true, "step": 1}"#, "both"),
            (#"{"type": "int", "low": 0, "high": 8, "log": true}"#, "at least 1"),
            (#"{"type": "int", "low": 1, "high": 8, "step": 9}"#, "wider"),
            (#"{"type": "categorical", "choices": []}"#, "choices"),
            (#"{"type": "categorical", "choices": [1, 1.0]}"#, "twice"),
            (#"{"type": "categorical", "choices": [[1]]}"#, "choice"),
            (#"{"type": "float", "low": 0, "high": 1, "when": {"y": [1]}}"#, "stands before"),
            (#"{"type": "complex"}"#, "type"),
        ]
    )
    func bad(_ parameter: String, _ reason: String) throws {
        let error = #expect(throws: MartletError.self) { try space("{\"bad\": \(parameter)}") }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("bad") ?? false)
        #expect(error?.message.contains(reason) ?? false, "\(error?.message ?? "")")
    }

    @Test("refuse bounds that are not finite")
    func infinite() {
        for (low, high) in [(0, .infinity), (-.infinity, 0), (.nan, 1)] as [(Double, Double)] {
            #expect(throws: MartletError.self) { try SearchSpace([("x", .float(low: low, high: high))]) }
        }
    }

    @Test("read values as they are written, and refuse others")
    func values() throws {
        let space = try space(Self.conditional)
        let values = try space.values(of: ["kind": 3, "depth": 4.0, "rate": 0.6], path: "params")
        #expect(values[0] == 2 && values[1] == 4 && values[2].isNaN && values[3] == 0.6)
        #expect(space.json(of: values) == ["kind": 3, "depth": 4, "rate": 0.6])
        for bad: JSONObject in [
            ["kind": "x"], ["depth": 4.5], ["rate": 0.5], ["leaf": 0], ["nope": 1], ["kind": false],
        ] {
            #expect(throws: MartletError.self) { try space.values(of: bad, path: "params") }
        }
    }
}
