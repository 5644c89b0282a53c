package import Core
package import Transforms

/// What one `learning.train` task is to do.
package struct TrainOptions: Sendable, Equatable {
    /// The dataset's name.
    package let dataset: String
    /// The experiment under which the run is logged; it is created when missing.
    package let experiment: String
    /// What is learned; nil to tell by the dataset's target.
    package let task: LearningTask?
    /// The column to predict; nil for the dataset's target.
    package let target: String?
    /// The column of weights.
    package let weight: String?
    /// The column of groups.
    package let group: String?
    /// Columns that are no features.
    package let ignored: [String]
    /// What is done to the raw columns first; nil for nothing.
    package let transform: TransformSpec?
    /// The part of the split to train on.
    package let trainPart: String
    /// The part to judge rounds on; nil for the part `validation` where there is one.
    package let validationPart: String?
    /// How to train; its task is that of `task` once the dataset is known.
    package let spec: TrainingSpec

    static let parameters = [
        StepParameter("dataset", "The dataset's name under 'data:'; it must be split.", isRequired: true),
        StepParameter("experiment", "The experiment to log the run under; the pipeline's name by default."),
        StepParameter("task", "binary, multiclass, regression or ranking; by default what the dataset's target says."),
        StepParameter("target", "The column to predict; the dataset's target by default."),
        StepParameter("trainer", "xgboost (default) or lightgbm."),
        StepParameter("mode", "trees (default), forest, dart or linear."),
        StepParameter("parameters", "The library's own parameters by their names, such as max_depth."),
        StepParameter("rounds", "Rounds of boosting, or trees of a forest; 100 by default."),
        StepParameter("early_stopping", "Rounds without a better value, or {rounds, min_gain, metric}."),
        StepParameter("class_weights", "balanced, or what each class counts for by its name."),
        StepParameter("monotone", "Features that the output may only rise (1) or fall (-1) with."),
        StepParameter("categorical", "Features that are categories without an order."),
        StepParameter("weight", "The column that says what each row counts for."),
        StepParameter("group", "The column whose equal values make a group; ranking needs it."),
        StepParameter("ignore", "Columns that are no features."),
        StepParameter("transform", "Steps of a transform, fitted on the training rows and stored with the model."),
        StepParameter("seed", "The seed of training, 0 by default."),
        StepParameter("threads", "Threads of the training, 1 by default."),
        StepParameter("watch_training", "true judges each round on the training rows, too."),
        StepParameter("train", "The part of the split to train on, 'train' by default."),
        StepParameter("validation", "The part to judge rounds on; 'validation' by default, where there is one."),
    ]

    /// Reads a step's `with:` values.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(_ fields: JSONFields, pipeline: String) throws(MartletError) {
        try fields.rejectUnknown(Self.parameters.map(\.name))
        dataset = try fields.string("dataset")
        experiment = try fields.optionalString("experiment") ?? pipeline
        task = try fields.choice("task", LearningTask.self)
        target = try fields.optionalString("target")
        weight = try fields.optionalString("weight")
        group = try fields.optionalString("group")
        ignored = try fields.strings("ignore")
        if let steps = try fields.optionalArray("transform") {
            transform = try TransformSpec.parse(steps: steps, path: fields.path(of: "transform"))
        } else {
            transform = nil
        }
        trainPart = try fields.optionalString("train") ?? "train"
        validationPart = try fields.optionalString("validation")
        var spec = TrainingSpec(task: task ?? .regression)
        spec.trainer = try fields.choice("trainer", TrainerKind.self) ?? .xgboost
        spec.mode = try fields.choice("mode", TrainingSpec.Mode.self) ?? .trees
        spec.parameters = try fields.optionalObject("parameters") ?? [:]
        spec.rounds = Int(try fields.optionalInt("rounds", in: 1...Int64(LearningLimits.rounds)) ?? 100)
        spec.earlyStopping = try Self.earlyStopping(fields)
        spec.classWeights = try Self.classWeights(fields)
        spec.monotone = try Self.monotone(fields)
        spec.categorical = try fields.strings("categorical")
        spec.seed = UInt64(try fields.optionalInt("seed", in: 0 ... .max) ?? 0)
        spec.threads = Int(try fields.optionalInt("threads", in: 1...Int64(LearningLimits.threads)) ?? 1)
        spec.watchesTraining = try fields.optionalBool("watch_training") ?? false
        self.spec = spec
    }

    private static func earlyStopping(_ fields: JSONFields) throws(MartletError) -> TrainingSpec.EarlyStopping? {
        guard let value = fields.value("early_stopping") else { return nil }
        let range = 1...Int64(LearningLimits.rounds)
        if value.objectValue == nil {
            return TrainingSpec.EarlyStopping(rounds: Int(try fields.int("early_stopping", in: range)))
        }
        let rule = try fields.fields("early_stopping")
        try rule.rejectUnknown(["rounds", "min_gain", "metric"])
        return TrainingSpec.EarlyStopping(
            rounds: Int(try rule.int("rounds", in: range)),
            minimumGain: try rule.optionalDouble("min_gain", in: 0...1e308) ?? 0,
            metric: try rule.optionalString("metric")
        )
    }

    private static func classWeights(_ fields: JSONFields) throws(MartletError) -> TrainingSpec.ClassWeights {
        guard let value = fields.value("class_weights") else { return .equal }
        if value.stringValue == "balanced" { return .balanced }
        guard value.objectValue != nil else {
            throw fields.invalid("class_weights", "must be balanced, or a number for each class")
        }
        let named = try fields.fields("class_weights")
        var weights: [String: Double] = [:]
        for name in named.object.keys { weights[name] = try named.double(name, in: 0...1e9) }
        return .given(weights)
    }

    private static func monotone(_ fields: JSONFields) throws(MartletError) -> [String: Int] {
        guard let named = try fields.optionalFields("monotone") else { return [:] }
        var directions: [String: Int] = [:]
        for name in named.object.keys { directions[name] = Int(try named.int(name, in: -1...1)) }
        return directions
    }

    /// What the columns of a dataset say.
    ///
    /// - Parameters:
    ///   - column: the dataset's target column, if it declares one.
    ///   - classes: its classes.
    /// - Returns: which column says what.
    /// - Throws: `failedPrecondition` when neither the dataset nor the task names a target.
    func columns(column: String?, classes: [String]) throws(MartletError) -> TrainingColumns {
        guard let target = target ?? column else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(dataset)' declares no target; add 'target: {column: …}' to it, or 'target' to the task."
            )
        }
        let known = target == column ? classes : []
        let task =
            task ?? (group != nil ? .ranking : known.isEmpty ? .regression : known.count == 2 ? .binary : .multiclass)
        return TrainingColumns(
            task: task,
            target: target,
            classes: task.isClassification ? known : [],
            weight: weight,
            group: group,
            ignored: ignored
        )
    }
}
