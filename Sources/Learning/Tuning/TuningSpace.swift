package import Core
package import Sampling

/// What is worth searching for, by library.
package enum TuningSpace {
    /// The space that is searched when a task names none.
    ///
    /// - Throws: never for these ranges; the initialiser checks them.
    package static func standard(_ trainer: TrainerKind) throws(MartletError) -> SearchSpace {
        switch trainer {
        case .xgboost:
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
        case .lightgbm:
            try SearchSpace([
                ("num_iterations", .integer(low: 20, high: 120)),
                ("num_leaves", .integer(low: 4, high: 128, log: true)),
                ("learning_rate", .float(low: 0.01, high: 0.5, log: true)),
                ("bagging_fraction", .float(low: 0.4, high: 1)),
                ("bagging_freq", .integer(low: 0, high: 3)),
                ("feature_fraction", .float(low: 0.4, high: 1)),
                ("min_data_in_leaf", .integer(low: 2, high: 50, log: true)),
                ("lambda_l2", .float(low: 0.001, high: 30, log: true)),
            ])
        }
    }
}
