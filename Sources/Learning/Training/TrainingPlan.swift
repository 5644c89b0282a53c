import Core

/// A training whose parts fit each other: what both libraries ask of rows and parameters alike.
struct TrainingPlan: Sendable {
    let spec: TrainingSpec
    let training: TrainingTable
    let validation: TrainingTable?
    /// The library's own parameters as it takes them, without those that Martlet sets.
    let parameters: [(name: String, value: String)]
    /// The objective.
    let objective: String
    /// Rounds to train.
    let rounds: Int
    /// What each training row counts for, classes and rows taken together; nil when all count the same.
    let weights: [Float]?
    /// Which features are codes of categories.
    let isCategorical: [Bool]
    /// The direction of each feature: 1, 0 or -1; nil when none is given.
    let directions: [Int]?

    /// What one library knows.
    struct Vocabulary {
        let library: String
        let known: [String]
        let roundNames: [String]
        let objectiveNames: [String]
        let objectives: [String]
    }

    /// Checks everything.
    ///
    /// - Throws: `invalidArgument` naming what is wrong and what is accepted.
    init(
        _ spec: TrainingSpec,
        _ training: TrainingTable,
        _ validation: TrainingTable?,
        _ vocabulary: Vocabulary
    ) throws(MartletError) {
        try training.require(spec.task, isTraining: true)
        try validation?.require(spec.task, isTraining: false)
        guard validation.map({ $0.featureNames == training.featureNames && $0.classes == training.classes }) ?? true
        else {
            throw MartletError(
                .invalidArgument,
                "The validation rows have other features or classes than the training rows."
            )
        }
        guard (1...LearningLimits.threads).contains(spec.threads) else {
            throw MartletError(
                .invalidArgument,
                "A training takes 1 to \(LearningLimits.threads) threads, not \(spec.threads)."
            )
        }
        if let stopping = spec.earlyStopping {
            guard validation != nil else {
                throw MartletError(.invalidArgument, "Early stopping needs validation rows.")
            }
            guard stopping.rounds >= 1, stopping.minimumGain >= 0 else {
                throw MartletError(
                    .invalidArgument,
                    "Early stopping waits for 1 round or more, and its gain is not negative."
                )
            }
        }
        self.spec = spec
        self.training = training
        self.validation = validation
        var given = spec.parameters
        let outputs = spec.task == .multiclass ? training.classes.count : 1
        rounds = try Self.rounds(&given, spec, vocabulary, outputs: outputs)
        objective = try Self.objective(&given, spec, vocabulary)
        parameters = try Self.texts(given, vocabulary)
        isCategorical = try Self.categories(spec, training, validation)
        directions = try Self.directions(spec, training, isCategorical)
        weights = try Self.weights(spec, training)
    }

    private static func rounds(
        _ given: inout JSONObject,
        _ spec: TrainingSpec,
        _ vocabulary: Vocabulary,
        outputs: Int
    ) throws(MartletError) -> Int {
        var rounds = spec.rounds
        for name in vocabulary.roundNames {
            guard let value = given[name] else { continue }
            guard let number = value.integerValue ?? value.stringValue.flatMap({ Int64($0) }) else {
                throw MartletError(
                    .invalidArgument,
                    "'\(name)' must be a whole number, but is \(value.description.prefix(80))."
                )
            }
            rounds = Int(number)
            given[name] = nil
        }
        guard (1...LearningLimits.rounds).contains(rounds) else {
            throw MartletError(.invalidArgument, "A training has 1 to \(LearningLimits.rounds) rounds, not \(rounds).")
        }
        let parallel =
            given["num_parallel_tree"].flatMap { $0.integerValue ?? $0.stringValue.flatMap { Int64($0) } } ?? 1
        let inRound = Int(clamping: parallel).multipliedReportingOverflow(by: outputs)
        let (trees, overflow) = rounds.multipliedReportingOverflow(by: max(1, inRound.partialValue))
        guard !inRound.overflow, !overflow, trees <= LearningLimits.trees else {
            throw MartletError(
                .invalidArgument,
                "The model would have more than \(LearningLimits.trees) trees; use fewer rounds."
            )
        }
        return rounds
    }

    private static func objective(
        _ given: inout JSONObject,
        _ spec: TrainingSpec,
        _ vocabulary: Vocabulary
    ) throws(MartletError) -> String {
        var objective = vocabulary.objectives[0]
        for name in vocabulary.objectiveNames {
            guard let value = given[name] else { continue }
            guard let text = value.stringValue, vocabulary.objectives.contains(text) else {
                throw MartletError(
                    .invalidArgument,
                    "'\(name)' is \(value.description.prefix(80)); for the task '\(spec.task.rawValue)' \(vocabulary.library) takes "
                        + "\(vocabulary.objectives.joined(separator: ", "))."
                )
            }
            objective = text
            given[name] = nil
        }
        return objective
    }

    /// Values as text: numbers, truth values and lists of them.
    private static func texts(
        _ given: JSONObject,
        _ vocabulary: Vocabulary
    ) throws(MartletError) -> [(name: String, value: String)] {
        guard given.count <= LearningLimits.trainingParameters else {
            throw MartletError(
                .invalidArgument,
                "There are \(given.count) parameters; a training takes at most \(LearningLimits.trainingParameters)."
            )
        }
        var texts: [(name: String, value: String)] = []
        for (name, value) in given.pairs {
            guard vocabulary.known.contains(name) else {
                let near = NearestName.of(name, among: vocabulary.known).map { "; did you mean '\($0)'?" } ?? "."
                throw MartletError(
                    .invalidArgument,
                    "'\(name)' is no parameter that a training with \(vocabulary.library) takes\(near)"
                )
            }
            for text in try Self.texts(of: value, name) { texts.append((name, text)) }
        }
        return texts
    }

    private static func texts(of value: JSONValue, _ name: String) throws(MartletError) -> [String] {
        switch value {
        case .null: return []
        case .bool(let truth): return [truth ? "true" : "false"]
        case .integer(let number): return ["\(number)"]
        case .number(let number) where number.isFinite: return ["\(number)"]
        case .string(let text):
            // Blanks and equal signs would begin another parameter of LightGBM's.
            let isSafe = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x3D && $0 != 0x22 && $0 < 0x7F }
            guard isSafe, text.utf8.count <= LearningLimits.parameterBytes else { break }
            return [text]
        case .array(let elements):
            var texts: [String] = []
            for element in elements { texts += try Self.texts(of: element, name) }
            guard texts.reduce(0, { $0 + $1.utf8.count }) <= LearningLimits.parameterBytes else { break }
            return name == "eval_metric" ? texts : [texts.joined(separator: ",")]
        default: break
        }
        throw MartletError(
            .invalidArgument,
            "The parameter '\(name)' must be a number, a truth value, a word without blanks, or a list of them."
        )
    }

    private static func categories(
        _ spec: TrainingSpec,
        _ training: TrainingTable,
        _ validation: TrainingTable?
    ) throws(MartletError) -> [Bool] {
        var isCategorical = [Bool](repeating: false, count: training.featureNames.count)
        for name in spec.categorical {
            let column = try position(name, training, "categorical")
            isCategorical[column] = true
            for rows in [training] + (validation.map { [$0] } ?? []) {
                for row in 0..<rows.count {
                    let value = rows.values[row * training.featureNames.count + column]
                    guard !value.isNaN else { continue }
                    guard let code = Int(exactly: value), (0...LearningLimits.categories).contains(code) else {
                        throw MartletError(
                            .invalidArgument,
                            "Row \(row + 1): the categorical feature '\(name)' is \(value); it must be a code, a whole number of 0 to "
                                + "\(LearningLimits.categories)."
                        )
                    }
                }
            }
        }
        return isCategorical
    }

    private static func directions(
        _ spec: TrainingSpec,
        _ training: TrainingTable,
        _ isCategorical: [Bool]
    ) throws(MartletError) -> [Int]? {
        guard !spec.monotone.isEmpty else { return nil }
        var directions = [Int](repeating: 0, count: training.featureNames.count)
        for (name, direction) in spec.monotone.sorted(by: { $0.key < $1.key }) {
            let column = try position(name, training, "monotone")
            guard (-1...1).contains(direction), !isCategorical[column] || direction == 0 else {
                throw MartletError(
                    .invalidArgument,
                    "The direction of '\(name)' must be 1, 0 or -1, and a categorical feature has none."
                )
            }
            directions[column] = direction
        }
        return directions
    }

    private static func position(_ name: String, _ training: TrainingTable, _ what: String) throws(MartletError) -> Int
    {
        if let position = training.featureNames.firstIndex(of: name) { return position }
        let near = NearestName.of(name, among: training.featureNames).map { "; did you mean '\($0)'?" } ?? "."
        throw MartletError(.invalidArgument, "'\(what)' names '\(name)', which is no feature\(near)")
    }

    private static func weights(_ spec: TrainingSpec, _ training: TrainingTable) throws(MartletError) -> [Float]? {
        let byClass: [Float]
        switch spec.classWeights {
        case .equal: return training.weights
        case .balanced:
            try requireClasses(training)
            var counts = [Int](repeating: 0, count: training.classes.count)
            for label in training.labels { counts[Int(label)] += 1 }
            // As scikit-learn's `class_weight="balanced"`, over the classes that occur.
            let present = counts.count { $0 > 0 }
            byClass = counts.map { Float(Double(training.count) / Double(present * max(1, $0))) }
        case .given(let named):
            try requireClasses(training)
            for (name, weight) in named.sorted(by: { $0.key < $1.key }) {
                guard training.classes.contains(name), weight >= 0, weight.isFinite else {
                    throw MartletError(
                        .invalidArgument,
                        "The weight of the class '\(name)' must be 0 or more, and the class one of "
                            + "\(training.classes.joined(separator: ", "))."
                    )
                }
            }
            byClass = training.classes.map { Float(named[$0] ?? 1) }
        }
        return training.labels.enumerated().map { row, label in byClass[Int(label)] * (training.weights?[row] ?? 1) }
    }

    private static func requireClasses(_ training: TrainingTable) throws(MartletError) {
        guard training.classes.isEmpty else { return }
        throw MartletError(.invalidArgument, "Class weights need a target with classes.")
    }
}
