import Core
import Sampling
import Testing

/// What Optuna 5.0.0 answered when trials reported these values.
private struct PrunerCase: Sendable, CustomTestStringConvertible {
    let json: JSONValue

    var testDescription: String { json["id"]?.stringValue ?? "" }

    static func all() -> [PrunerCase] {
        ((try? Vectors.json("optuna-pruners.json"))?["pruners"]?.arrayValue ?? []).map(PrunerCase.init)
    }

    /// The pruner that the case was recorded with.
    func pruner() throws -> PrunerSpec {
        let text =
            switch testDescription.split(separator: "_").dropLast().joined(separator: "_") {
            case "median_default": #"{"type": "median"}"#
            case "median_warm5_int3":
                #"{"type": "median", "n_startup_trials": 3, "n_warmup_steps": 5, "interval_steps": 3}"#
            case "percentile25_min3":
                #"{"type": "percentile", "percentile": 25, "n_startup_trials": 4, "n_min_trials": 3}"#
            case "sha_min1_rf4": #"{"type": "asha", "min_resource": 1, "reduction_factor": 4}"#
            case "sha_auto": #"{"type": "asha"}"#
            case "sha_rf2_early1_boot2":
                #"""
                {"type": "asha", "min_resource": 2, "reduction_factor": 2, "min_early_stopping_rate": 1,
                 "bootstrap_count": 2}
                """#
            case "hyperband_1_27_rf3":
                #"{"type": "hyperband", "min_resource": 1, "max_resource": 27, "reduction_factor": 3}"#
            case "hyperband_auto": #"{"type": "hyperband"}"#
            case "patient2_median": #"{"type": "patient", "patience": 2, "pruner": {"type": "median"}}"#
            default: #"{"type": "threshold", "lower": -1.5, "upper": 2.5, "n_warmup_steps": 2}"#
            }
        return try PrunerSpec.parse(JSONFields(try JSONValue.parse(text)))
    }
}

@Suite("Pruners decide as Optuna's do")
struct PrunerTests {
    @Test("after every report", arguments: PrunerCase.all())
    private func vectors(_ golden: PrunerCase) throws {
        let direction = try #require(Direction(rawValue: golden.json["direction"]?.stringValue ?? ""))
        var study = Study(
            name: try #require(golden.json["study_name"]?.stringValue),
            space: try SearchSpace([("x", .float(low: 0, high: 1))]),
            directions: [direction],
            sampler: RandomSampler(seed: 0),
            pruner: try golden.pruner()
        )
        for json in try #require(golden.json["trials"]?.arrayValue) {
            let trial = try study.ask()
            let (values, expected) = ((json["reports"] ?? .null).numbers, json["should_prune"]?.arrayValue ?? [])
            var isPruned = false
            for (step, value) in values.enumerated() {
                isPruned = try study.report(trial.number, step: step, value: value)
                #expect(isPruned == expected[step].boolValue, "trial \(trial.number), step \(step)")
            }
            try study.tell(trial.number, [values.last { !$0.isNaN } ?? 0], isPruned: isPruned)
        }
        #expect(study.trials.count >= 20)
    }

    @Test("survive being written and read")
    func json() throws {
        for golden in PrunerCase.all() {
            let pruner = try golden.pruner()
            #expect(try PrunerSpec.parse(JSONFields(pruner.json)) == pruner)
        }
        #expect(PrunerCase.all().count == 20)
    }

    @Test(
        "refuse what makes no sense, by the field's name",
        arguments: [
            (#"{"type": "guess"}"#, "type"), (#"{"type": "median", "interval_steps": 0}"#, "interval_steps"),
            (#"{"type": "percentile"}"#, "percentile"), (#"{"type": "percentile", "percentile": 101}"#, "percentile"),
            (#"{"type": "asha", "reduction_factor": 1}"#, "reduction_factor"),
            (#"{"type": "hyperband", "min_resource": 9, "max_resource": 3}"#, "max_resource"),
            (#"{"type": "patient", "patience": -1}"#, "patience"), (#"{"type": "threshold"}"#, "lower"),
            (#"{"type": "threshold", "lower": 2, "upper": 1}"#, "upper"), (#"{"type": "none", "x": 1}"#, "x"),
        ]
    )
    func bad(_ text: String, _ field: String) throws {
        let fields = try JSONFields(try JSONValue.parse(text))
        let error = #expect(throws: MartletError.self) { try PrunerSpec.parse(fields) }
        #expect(error?.message.contains(field) ?? false)
    }

    @Test("never prune a study with several objectives")
    func several() throws {
        var study = Study(
            space: try SearchSpace([("x", .float(low: 0, high: 1))]),
            directions: [.minimize, .maximize],
            sampler: RandomSampler(seed: 0),
            pruner: .threshold(PrunerSpec.Threshold())
        )
        let trial = try study.ask()
        #expect(try !study.report(trial.number, step: 0, value: .nan))
    }
}
