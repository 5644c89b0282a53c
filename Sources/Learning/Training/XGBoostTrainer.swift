package import Core
package import Runtimes
package import Sampling

/// Trains gradient-boosted trees with XGBoost's library; calls block, so run them through `BlockingWork`.
package struct XGBoostTrainer: Sendable {
    /// The seed of the library's own random choices.
    package let seed: UInt64
    /// Threads for one training.
    package let threads: Int

    /// Makes a trainer; the same seed, rows and parameters give the same model.
    package init(seed: UInt64, threads: Int = 1) {
        self.seed = seed
        self.threads = max(1, threads)
    }

    /// What is worth searching for tables of this kind.
    ///
    /// - Throws: never for these ranges; the initialiser checks them.
    package static func searchSpace() throws(MartletError) -> SearchSpace {
        try SearchSpace([
            ("n_estimators", .integer(low: 20, high: 120)),
            ("max_depth", .integer(low: 2, high: 10)),
            ("learning_rate", .float(low: 0.01, high: 0.5, log: true)),
            ("subsample", .float(low: 0.4, high: 1)),
            ("colsample_bytree", .float(low: 0.4, high: 1)),
            ("min_child_weight", .float(low: 0.1, high: 20, log: true)),
            ("reg_lambda", .float(low: 0.001, high: 30, log: true)),
            ("gamma", .float(low: 0, high: 5)),
            ("grow_policy", .choice(["depthwise", "lossguide"])),
        ])
    }

    /// A trained model that can still be asked for contributions and saved.
    ///
    /// - Throws: `invalidArgument` for a parameter that the library refuses, `CancellationError` when stopped.
    package func train(
        on rows: LabelledRows,
        parameters: [(name: String, value: String)],
        until signal: StopSignal = StopSignal()
    ) throws -> XGBoostBooster {
        var given = parameters
        let rounds = given.firstIndex { $0.name == "n_estimators" }.flatMap { Int32(given.remove(at: $0).value) } ?? 100
        let matrix = try XGBoostMatrix(
            rows.values,
            rowCount: rows.count,
            featureCount: rows.featureNames.count,
            labels: rows.labels.map { Float($0) },
            threads: threads
        )
        let fixed: [(name: String, value: String)] = [
            ("objective", rows.classes.count == 2 ? "binary:logistic" : "multi:softprob"),
            ("tree_method", "hist"),
            ("nthread", "\(threads)"),
            ("seed", "\(seed & 0x7FFF_FFFF)"),
            ("verbosity", "0"),
        ]
        let classes = rows.classes.count == 2 ? [] : [(name: "num_class", value: "\(rows.classes.count)")]
        let booster = try XGBoostBooster(parameters: fixed + classes + given, training: matrix)
        for iteration in 0..<rounds {
            try signal.check()
            try booster.update(iteration: iteration, on: matrix)
        }
        // XGBoost refuses names with these characters, and a model without names is as good.
        if !rows.featureNames.contains(where: { $0.contains { "[]<".contains($0) } }) {
            try booster.setFeatureNames(rows.featureNames)
        }
        return booster
    }

    /// The probabilities that a model gives for rows, in the form of `ClassificationMetrics`.
    package func probabilities(_ booster: XGBoostBooster, for rows: LabelledRows) throws -> [Float] {
        try booster.predict(matrix(of: rows))
    }

    /// SHAP values: rows × outputs × (features + 1), the base value last.
    package func contributions(_ booster: XGBoostBooster, for rows: LabelledRows) throws -> [Float] {
        try booster.predict(matrix(of: rows), .contributions)
    }

    private func matrix(of rows: LabelledRows) throws -> XGBoostMatrix {
        try XGBoostMatrix(
            rows.values,
            rowCount: rows.count,
            featureCount: rows.featureNames.count,
            threads: threads
        )
    }
}
