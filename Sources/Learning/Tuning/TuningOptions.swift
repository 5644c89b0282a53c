package import Core
package import Sampling

/// What one tuning task is to do.
package struct TuningOptions: Sendable, Equatable {
    /// What is trained, on which rows; what the search proposes is added to its parameters.
    package var training: TrainOptions
    /// What the best trial is best at, on the validation rows; with several a front is searched.
    package var objectives: [String]
    /// How many trials are made.
    package var trials: Int
    /// What is searched over.
    package var space: SearchSpace
    /// Who proposes parameters.
    package var sampler: SamplerSpec
    /// Who ends trials early, by what the library reports of the validation rows.
    package var pruner: PrunerSpec
    /// How many trials are made at once.
    package var jobs: Int
    /// After how many milliseconds no trial is begun any more; nil for no end.
    package var timeout: Int64?
    /// The study to go on with; nil for one of the task's own.
    package var study: String?
    /// A study whose best trials are tried first.
    package var warmStart: String?
    /// Trains on shuffled labels: makes a model that answers well-formed nonsense, to see a rollout refuse it.
    package var permutesLabels: Bool

    static let parameters =
        TrainOptions.parameters.map { parameter in
            switch parameter.name {
            case "validation":
                StepParameter("validation", "The part of the split to judge trials on, 'validation' by default.")
            case "seed": StepParameter("seed", "The seed of search and training, 0 by default.")
            default: parameter
            }
        } + [
            StepParameter(
                "objective",
                "What to search for on the validation rows: accuracy (default), auroc, f1, log_loss, rmse, ndcg and so on."
            ),
            StepParameter("objectives", "Several of them, for a front of trials that no other beats."),
            StepParameter("trials", "How many trials to make: 1 to \(LearningLimits.trials), 20 by default."),
            StepParameter("method", "Who proposes: tpe (default), random, grid, sobol, halton, cmaes or nsga2."),
            StepParameter("sampler", "The same with options, such as {type: tpe, multivariate: false}."),
            StepParameter("pruner", "Who ends trials early, such as {type: median}; none by default."),
            StepParameter(
                "space",
                "The parameters to search over, by the library's names; nine usual ones by default."
            ),
            StepParameter("jobs", "Trials to make at once: 1 (default) to \(LearningLimits.tuningJobs)."),
            StepParameter("timeout", "After how long no trial is begun any more, such as 10m."),
            StepParameter("study", "The name of a study to go on with; a new one by default."),
            StepParameter("warm_start", "A study whose best trials are tried first."),
            StepParameter("permute_labels", "true trains on shuffled labels, for a model that is wrong on purpose."),
        ]

    private static let own: Set<String> = [
        "objective", "objectives", "trials", "method", "sampler", "pruner", "space", "jobs", "timeout", "study",
        "warm_start", "permute_labels",
    ]

    /// Reads a step's `with:` values.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(_ fields: JSONFields, pipeline: String) throws(MartletError) {
        try fields.rejectUnknown(Self.parameters.map(\.name))
        let rest = fields.object.pairs.filter { !Self.own.contains($0.key) }.map { ($0.key, $0.value) }
        training = try TrainOptions(JSONFields(JSONObject(rest), path: "with"), pipeline: pipeline)
        objectives = try Self.objectives(fields)
        trials = Int(try fields.optionalInt("trials", in: 1...Int64(LearningLimits.trials)) ?? 20)
        space = try TuningSpace.standard(training.spec.trainer)
        if let given = try fields.optionalObject("space") { space = try SearchSpace(json: given, path: "with.space") }
        sampler = try Self.sampler(fields, seed: training.spec.seed, objectives: objectives.count)
        try sampler.check(space, objectives: objectives.count)
        pruner =
            try fields.optionalFields("pruner").map { fields throws(MartletError) in try PrunerSpec.parse(fields) }
            ?? .none
        guard pruner == .none || objectives.count == 1 else {
            throw fields.invalid("pruner", "cannot be used with several objectives")
        }
        jobs = Int(try fields.optionalInt("jobs", in: 1...Int64(LearningLimits.tuningJobs)) ?? 1)
        timeout = try fields.optionalDuration("timeout").map {
            $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000
        }
        study = try fields.optionalString("study")
        warmStart = try fields.optionalString("warm_start")
        permutesLabels = try fields.optionalBool("permute_labels") ?? false
    }

    private static func objectives(_ fields: JSONFields) throws(MartletError) -> [String] {
        let several = fields.value("objectives") != nil
        guard !several || fields.value("objective") == nil else {
            throw fields.invalid("objective", "excludes 'objectives'")
        }
        let names = several ? try fields.strings("objectives") : [try fields.optionalString("objective") ?? "accuracy"]
        for name in names where !known.contains(name) {
            throw fields.invalid(
                several ? "objectives" : "objective",
                "must be one of \(known.joined(separator: ", "))"
            )
        }
        guard (1...SamplingLimits.objectives).contains(names.count), Set(names).count == names.count else {
            throw fields.invalid("objectives", "must name 1 to \(SamplingLimits.objectives) different metrics")
        }
        return names
    }

    /// The metrics that a trial can be judged by, whatever is learned.
    private static let known = [
        "accuracy", "auroc", "log_loss", "precision", "recall", "f1", "mae", "mse", "rmse", "r2", "ndcg", "ndcg_at_10",
        "map",
    ]

    private static func sampler(
        _ fields: JSONFields,
        seed: UInt64,
        objectives: Int
    ) throws(MartletError) -> SamplerSpec {
        var sampler = SamplerSpec.standard(objectives: objectives, seed: seed)
        if let given = try fields.optionalFields("sampler") {
            sampler = try SamplerSpec(given)
            if given.value("seed") == nil { sampler.seed = seed }
        } else if let kind = try fields.choice("method", SamplerSpec.Kind.self) {
            sampler = SamplerSpec(kind, seed: seed)
        }
        return sampler
    }
}
