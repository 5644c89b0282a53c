import Core
import Learning
import Sampling
import Testing

@Suite("What a tuning task may ask for")
struct TuningOptionsTests {
    private func options(_ text: String) throws -> TuningOptions {
        try TuningOptions(JSONFields(try JSONValue.parse(text), path: "with"), pipeline: "p")
    }

    @Test("takes any space, sampler, pruner and metric")
    func whole() throws {
        let options = try options(
            #"""
            {"dataset": "d", "trainer": "lightgbm", "objective": "rmse", "trials": 30, "seed": 3, "jobs": 2,
             "timeout": "10m", "sampler": {"type": "cmaes"}, "pruner": {"type": "asha"}, "study": "s", "warm_start": "t",
             "space": {"num_leaves": {"type": "int", "low": 4, "high": 64, "log": true}}}
            """#
        )
        #expect(options.objectives == ["rmse"] && options.sampler == SamplerSpec(.cmaes, seed: 3))
        #expect(options.timeout == 600_000 && options.jobs == 2 && options.space.parameters.count == 1)
        #expect(options.study == "s" && options.warmStart == "t" && options.training.spec.trainer == .lightgbm)
    }

    @Test("has today's defaults")
    func defaults() throws {
        let options = try options(#"{"dataset": "d"}"#)
        #expect(options.objectives == ["accuracy"] && options.trials == 20 && options.jobs == 1)
        let standard = try TuningSpace.standard(.xgboost)
        #expect(options.space == standard && options.sampler.kind == .tpe)
        #expect(options.pruner == .none && options.timeout == nil && LearningLimits.warmTrials == 10)
        let several = try self.options(#"{"dataset": "d", "objectives": ["accuracy", "log_loss"]}"#)
        #expect(several.sampler.kind == .nsga2)
    }

    @Test(
        "says what is wrong",
        arguments: [
            (#"{"dataset": "d", "jobs": \#(LearningLimits.tuningJobs + 1)}"#, "jobs"),
            (#"{"dataset": "d", "objectives": ["accuracy", "accuracy"]}"#, "objectives"),
            (#"{"dataset": "d", "objective": "accuracy", "objectives": ["f1"]}"#, "objective"),
            (#"{"dataset": "d", "space": {"eta": {"type": "float", "low": 0, "high": 1, "log": true}}}"#, "eta"),
            (#"{"dataset": "d", "sampler": {"type": "guess"}}"#, "type"),
            (#"{"dataset": "d", "objectives": ["f1", "auroc"], "pruner": {"type": "median"}}"#, "pruner"),
        ]
    )
    func bad(_ text: String, _ field: String) throws {
        let error = #expect(throws: MartletError.self) { try options(text) }
        #expect(error?.message.contains(field) ?? false)
        #expect(try options(#"{"dataset": "d", "jobs": \#(LearningLimits.tuningJobs)}"#).jobs == 16)
    }
}
