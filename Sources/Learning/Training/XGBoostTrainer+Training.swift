import Core
import Runtimes

extension XGBoostTrainer: Trainer {
    package var kind: TrainerKind { .xgboost }

    /// Makes a trainer.
    package init() {
        self.init(seed: 0)
    }

    package func train(
        _ spec: TrainingSpec,
        training: TrainingTable,
        validation: TrainingTable?,
        onRound: @escaping @Sendable (RoundReport) -> RoundDecision
    ) async throws -> TrainedModel {
        try await StopSignal.run { signal in
            let vocabulary = TrainingPlan.Vocabulary(
                library: "XGBoost",
                known: XGBoostParameters.known,
                roundNames: XGBoostParameters.rounds,
                objectiveNames: ["objective"],
                objectives: XGBoostParameters.objectives(spec.task)
            )
            let plan = try TrainingPlan(spec, training, validation, vocabulary)
            return try XGBoostTraining(plan).run(until: signal, onRound)
        }
    }
}

/// One training with XGBoost, on one thread that may block.
private struct XGBoostTraining {
    let plan: TrainingPlan
    let parameters: [(name: String, value: String)]
    /// Rounds of boosting; of a forest one.
    let rounds: Int

    init(_ plan: TrainingPlan) throws(MartletError) {
        self.plan = plan
        let spec = plan.spec
        if plan.parameters.contains(where: { $0.name == "booster" }) {
            throw MartletError(.invalidArgument, "'booster' is what 'mode' says: trees, forest, dart or linear.")
        }
        var fixed: [(name: String, value: String)] = [
            ("objective", plan.objective), ("nthread", "\(spec.threads)"), ("seed", "\(spec.seed & 0x7FFF_FFFF)"),
            ("verbosity", "0"),
        ]
        rounds = spec.mode == .forest ? 1 : plan.rounds
        switch spec.mode {
        case .trees: fixed.append(("tree_method", "hist"))
        case .dart: fixed += [("booster", "dart"), ("tree_method", "hist")]
        case .forest:
            fixed += [
                ("tree_method", "hist"), ("num_parallel_tree", "\(plan.rounds)"), ("learning_rate", "1"),
                ("subsample", "0.8"), ("colsample_bynode", "0.8"), ("reg_lambda", "1e-05"),
            ]
        case .linear:
            guard plan.directions == nil, !plan.isCategorical.contains(true) else {
                throw MartletError(.invalidArgument, "A linear model has no categorical features and no directions.")
            }
            fixed.append(("booster", "gblinear"))
        }
        if spec.task == .multiclass { fixed.append(("num_class", "\(plan.training.classes.count)")) }
        if let directions = plan.directions {
            fixed.append(("monotone_constraints", "(\(directions.map(String.init).joined(separator: ",")))"))
        }
        let given = Set(
            plan.parameters.map { $0.name == "lambda" ? "reg_lambda" : $0.name == "eta" ? "learning_rate" : $0.name }
        )
        parameters = fixed.filter { !given.contains($0.name) } + plan.parameters
    }

    func run(
        until signal: StopSignal,
        _ onRound: (RoundReport) -> RoundDecision
    ) throws -> TrainedModel {
        let training = try matrix(plan.training, weights: plan.weights)
        let validation = try plan.validation.map { try matrix($0, weights: $0.weights) }
        let watched = validation.map { [$0] } ?? []
        let booster = try XGBoostBooster(parameters: parameters, training: training, watched: watched)
        var watch = RoundWatch(plan.spec.earlyStopping)
        var isStopped = false
        // Dropout and linear updates change what earlier rounds made, so the best model is kept as it was.
        let keepsBest = plan.spec.earlyStopping != nil && (plan.spec.mode == .dart || plan.spec.mode == .linear)
        var best: [UInt8]?
        for round in 0..<Int32(clamping: rounds) {
            try signal.check()
            try booster.update(iteration: round, on: training)
            let report = RoundReport(round: Int(round), metrics: try metrics(booster, round))
            let verdict = try watch.note(report)
            if keepsBest, verdict.isBest { best = try bytes(booster) }
            isStopped = onRound(report) == .stop
            if isStopped || verdict.isEnough { break }
        }
        let trained = Int(try booster.roundCount())
        var kept = trained
        if plan.spec.earlyStopping != nil, let round = watch.bestRound { kept = round + 1 }
        let model = try best ?? bytes(kept < trained ? booster.first(Int32(clamping: kept)) : booster)
        return TrainedModel(
            trainer: .xgboost,
            task: plan.spec.task,
            bytes: model,
            featureNames: plan.training.featureNames,
            classes: plan.training.classes,
            rounds: kept,
            bestRound: watch.bestRound,
            bestValue: watch.bestValue,
            isStopped: isStopped
        )
    }

    private func matrix(_ rows: TrainingTable, weights: [Float]?) throws -> XGBoostMatrix {
        let matrix = try XGBoostMatrix(
            rows.values,
            rowCount: rows.count,
            featureCount: rows.featureNames.count,
            labels: rows.labels,
            threads: plan.spec.threads
        )
        if plan.isCategorical.contains(true) { try matrix.setFeatureTypes(featureTypes) }
        if plan.spec.task == .ranking { try matrix.setGroups(rows.groups) }
        if let weights {
            try matrix.setWeights(plan.spec.task == .ranking ? Self.means(weights, rows.groups) : weights)
        }
        return matrix
    }

    private var featureTypes: [String] { plan.isCategorical.map { $0 ? "c" : "q" } }

    /// XGBoost weighs groups, not their rows.
    private static func means(_ weights: [Float], _ groups: [Int]) -> [Float] {
        var start = 0
        return groups.map { size in
            defer { start += size }
            return weights[start..<start + size].reduce(0, +) / Float(size)
        }
    }

    private func metrics(_ booster: XGBoostBooster, _ round: Int32) throws -> [RoundReport.Metric] {
        var parts: [(matrix: Int, name: String)] = []
        if plan.spec.watchesTraining { parts.append((0, RoundReport.Part.training.rawValue)) }
        if plan.validation != nil { parts.append((1, RoundReport.Part.validation.rawValue)) }
        return try booster.evaluate(iteration: round, parts).compactMap { part, name, value in
            RoundReport.Part(rawValue: part).map { part in
                let isMaximized = XGBoostParameters.isMaximized(name)
                return RoundReport.Metric(name: name, part: part, value: value, isMaximized: isMaximized)
            }
        }
    }

    private func bytes(_ booster: XGBoostBooster) throws -> [UInt8] {
        // XGBoost refuses names with these characters, and a model without names is as good.
        if !plan.training.featureNames.contains(where: { $0.contains { "[]<".contains($0) } }) {
            try booster.setFeatureNames(plan.training.featureNames)
        }
        if plan.isCategorical.contains(true) { try booster.setFeatureTypes(featureTypes) }
        return try booster.save(.json)
    }
}
