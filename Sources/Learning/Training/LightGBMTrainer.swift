import Core
import Runtimes

/// Trains with LightGBM's library.
package struct LightGBMTrainer: Trainer {
    package let kind = TrainerKind.lightgbm

    /// Makes a trainer.
    package init() {}

    package func train(
        _ spec: TrainingSpec,
        training: TrainingTable,
        validation: TrainingTable?,
        onRound: @escaping @Sendable (RoundReport) -> RoundDecision
    ) async throws -> TrainedModel {
        try await StopSignal.run { signal in
            let vocabulary = TrainingPlan.Vocabulary(
                library: "LightGBM",
                known: LightGBMParameters.known,
                roundNames: LightGBMParameters.rounds,
                objectiveNames: LightGBMParameters.objectiveNames,
                objectives: LightGBMParameters.objectives(spec.task)
            )
            let plan = try TrainingPlan(spec, training, validation, vocabulary)
            return try LightGBMTraining(plan).run(until: signal, onRound)
        }
    }
}

/// One training with LightGBM, on one thread that may block.
private struct LightGBMTraining {
    let plan: TrainingPlan
    let parameters: String

    init(_ plan: TrainingPlan) throws(MartletError) {
        self.plan = plan
        let spec = plan.spec
        guard spec.mode != .linear else {
            throw MartletError(.invalidArgument, "LightGBM trains no linear models; use the trainer 'xgboost'.")
        }
        if let given = plan.parameters.first(where: { LightGBMParameters.boostingNames.contains($0.name) }) {
            throw MartletError(.invalidArgument, "'\(given.name)' is what 'mode' says: trees, forest or dart.")
        }
        guard spec.mode != .dart || spec.earlyStopping == nil else {
            throw MartletError(
                .invalidArgument,
                "LightGBM cannot stop a 'dart' model early: later rounds change the trees of earlier ones."
            )
        }
        var fixed: [(name: String, value: String)] = [
            ("objective", plan.objective), ("num_threads", "\(spec.threads)"), ("seed", "\(spec.seed & 0x7FFF_FFFF)"),
            ("verbosity", "-1"), ("deterministic", "true"),
        ]
        switch spec.mode {
        case .forest:
            fixed += [
                ("boosting", "rf"), ("bagging_freq", "1"), ("bagging_fraction", "0.8"), ("feature_fraction", "0.8"),
            ]
        case .dart: fixed.append(("boosting", "dart"))
        case .trees, .linear: break
        }
        let given = Set(plan.parameters.map(\.name))
        if given.isDisjoint(with: ["force_col_wise", "force_row_wise"]) { fixed.append(("force_col_wise", "true")) }
        // Of the names of one parameter the library keeps its main one, so what is given must not stand beside it.
        if !given.isDisjoint(with: ["bagging", "subsample", "sub_row"]) {
            fixed.removeAll { $0.name == "bagging_fraction" }
        }
        if !given.isDisjoint(with: ["colsample_bytree", "sub_feature"]) {
            fixed.removeAll { $0.name == "feature_fraction" }
        }
        if given.contains("subsample_freq") { fixed.removeAll { $0.name == "bagging_freq" } }
        if spec.task == .multiclass { fixed.append(("num_class", "\(plan.training.classes.count)")) }
        if let directions = plan.directions {
            fixed.append(("monotone_constraints", directions.map(String.init).joined(separator: ",")))
        }
        let categorical = plan.isCategorical.indices.filter { plan.isCategorical[$0] }
        if !categorical.isEmpty {
            fixed.append(("categorical_feature", categorical.map(String.init).joined(separator: ",")))
        }
        let all = fixed.filter { !given.contains($0.name) } + plan.parameters
        parameters = all.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }

    func run(
        until signal: StopSignal,
        _ onRound: (RoundReport) -> RoundDecision
    ) throws -> TrainedModel {
        let training = try dataset(plan.training, weights: plan.weights)
        try training.setFeatureNames(Self.safeNames(plan.training.featureNames))
        let validation = try plan.validation.map { try dataset($0, weights: $0.weights, reference: training) }
        let booster = try LightGBMBooster(parameters: parameters, training: training, validation: validation)
        var watch = RoundWatch(plan.spec.earlyStopping)
        var isStopped = false
        for round in 0..<plan.rounds {
            try signal.check()
            let grew = try booster.update()
            // A round without a tree is taken back, but for the first one, which is the average.
            guard grew || round == 0 else { break }
            let report = RoundReport(round: round, metrics: try metrics(booster))
            let verdict = try watch.note(report)
            isStopped = onRound(report) == .stop
            if isStopped || verdict.isEnough || !grew { break }
        }
        let rounds = plan.spec.earlyStopping == nil ? nil : watch.bestRound.map { $0 + 1 }
        return TrainedModel(
            trainer: .lightgbm,
            task: plan.spec.task,
            bytes: try booster.save(rounds: rounds),
            featureNames: plan.training.featureNames,
            classes: plan.training.classes,
            rounds: try rounds ?? booster.roundCount(),
            bestRound: watch.bestRound,
            bestValue: watch.bestValue,
            isStopped: isStopped
        )
    }

    private func dataset(
        _ rows: TrainingTable,
        weights: [Float]?,
        reference: LightGBMDataset? = nil
    ) throws -> LightGBMDataset {
        let dataset = try LightGBMDataset(
            rows.values,
            rowCount: rows.count,
            featureCount: rows.featureNames.count,
            labels: rows.labels,
            parameters: parameters,
            reference: reference
        )
        if let weights { try dataset.setWeights(weights) }
        if plan.spec.task == .ranking { try dataset.setGroups(rows.groups) }
        return dataset
    }

    private func metrics(_ booster: LightGBMBooster) throws -> [RoundReport.Metric] {
        var metrics: [RoundReport.Metric] = []
        let parts: [RoundReport.Part] =
            (plan.spec.watchesTraining ? [.training] : []) + (plan.validation == nil ? [] : [.validation])
        for part in parts {
            let values = try booster.evaluate(isTraining: part == .training)
            for (name, value) in zip(booster.metricNames, values) {
                let isMaximized = LightGBMParameters.isMaximized(name)
                metrics.append(RoundReport.Metric(name: name, part: part, value: value, isMaximized: isMaximized))
            }
        }
        return metrics
    }

    /// Names that the library takes: no blanks, and none of JSON's characters.
    private static func safeNames(_ names: [String]) -> [String] {
        let safe = names.map { name in
            String(
                String.UnicodeScalarView(
                    name.unicodeScalars.map { $0.value <= 0x20 || "\"\\,:[]{}".unicodeScalars.contains($0) ? "_" : $0 }
                )
            )
        }
        return Set(safe).count == safe.count ? safe : names.indices.map { "Column_\($0)" }
    }
}
