package import Core

/// One training: which library, what it learns and how.
package struct TrainingSpec: Sendable, Equatable {
    /// What rounds add up to.
    package enum Mode: String, Sendable, CaseIterable {
        /// Boosted trees.
        case trees
        /// A random forest of as many trees as there are rounds.
        case forest
        /// Boosted trees with dropout.
        case dart
        /// A linear model; XGBoost only.
        case linear
    }

    /// What the rows of each class count for.
    package enum ClassWeights: Sendable, Equatable {
        /// All rows count the same.
        case equal
        /// All classes count the same: rows / (classes × rows of the class).
        case balanced
        /// By the class's name; classes that are not named count 1.
        case given([String: Double])
    }

    /// When training ends before its last round.
    package struct EarlyStopping: Sendable, Equatable {
        /// How many rounds may pass without a better value.
        package var rounds: Int
        /// How much better a value must be to count.
        package var minimumGain: Double
        /// The metric of the validation rows that is watched; nil for the last one that the library reports.
        package var metric: String?

        /// Makes a rule.
        package init(rounds: Int, minimumGain: Double = 0, metric: String? = nil) {
            self.rounds = rounds
            self.minimumGain = minimumGain
            self.metric = metric
        }
    }

    /// Which library trains.
    package var trainer: TrainerKind
    /// What the model learns.
    package var task: LearningTask
    /// What rounds add up to.
    package var mode: Mode
    /// Parameters by the library's own names, such as `max_depth` or `num_leaves`.
    package var parameters: JSONObject
    /// Rounds of boosting, or of forests.
    package var rounds: Int
    /// When training ends early; needs validation rows.
    package var earlyStopping: EarlyStopping?
    /// What the rows of each class count for; of classifications only.
    package var classWeights: ClassWeights
    /// Features that the output may only rise (1) or fall (-1) with.
    package var monotone: [String: Int]
    /// Features whose numbers are codes of categories, 0 and up, without an order.
    package var categorical: [String]
    /// Whether each round is judged on the training rows, too.
    package var watchesTraining: Bool
    /// The seed of the library's random choices.
    package var seed: UInt64
    /// Threads for one training; the same seed, rows and threads give the same model.
    package var threads: Int

    /// Makes a training.
    package init(
        trainer: TrainerKind = .xgboost,
        task: LearningTask,
        mode: Mode = .trees,
        parameters: JSONObject = [:],
        rounds: Int = 100,
        earlyStopping: EarlyStopping? = nil,
        classWeights: ClassWeights = .equal,
        monotone: [String: Int] = [:],
        categorical: [String] = [],
        watchesTraining: Bool = false,
        seed: UInt64 = 0,
        threads: Int = 1
    ) {
        self.trainer = trainer
        self.task = task
        self.mode = mode
        self.parameters = parameters
        self.rounds = rounds
        self.earlyStopping = earlyStopping
        self.classWeights = classWeights
        self.monotone = monotone
        self.categorical = categorical
        self.watchesTraining = watchesTraining
        self.seed = seed
        self.threads = threads
    }
}
