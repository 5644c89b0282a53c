import Core
package import Runtimes

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
