import Core

/// XGBoost's parameters that training takes; what would read files, choose devices or change the model's form is not here.
enum XGBoostParameters {
    /// Names of the number of rounds, which `TrainingSpec.rounds` says otherwise.
    static let rounds = ["n_estimators", "num_boost_round", "num_round"]

    static let known = [
        "alpha", "aft_loss_distribution", "base_score", "booster", "colsample_bylevel", "colsample_bynode",
        "colsample_bytree", "disable_default_eval_metric", "eta", "eval_metric", "feature_selector", "gamma",
        "grow_policy", "huber_slope", "interaction_constraints", "lambda", "lambdarank_bias_norm",
        "lambdarank_normalization", "lambdarank_num_pair_per_sample", "lambdarank_pair_method",
        "lambdarank_score_normalization", "lambdarank_unbiased", "learning_rate", "max_bin", "max_cat_threshold",
        "max_cat_to_onehot", "max_delta_step", "max_depth", "max_leaves", "min_child_weight", "min_split_loss",
        "ndcg_exp_gain", "normalize_type", "num_parallel_tree", "objective", "one_drop", "quantile_alpha", "rate_drop",
        "reg_alpha", "reg_lambda", "sample_type", "sampling_method", "scale_pos_weight", "skip_drop", "subsample",
        "top_k", "tree_method", "tweedie_variance_power", "updater",
    ]

    /// The objectives of each task, the usual one first.
    static func objectives(_ task: LearningTask) -> [String] {
        switch task {
        case .binary: ["binary:logistic"]
        case .multiclass: ["multi:softprob"]
        case .regression:
            [
                "reg:squarederror", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
                "reg:quantileerror", "reg:gamma", "reg:tweedie", "count:poisson", "reg:logistic",
            ]
        case .ranking: ["rank:ndcg", "rank:pairwise", "rank:map"]
        }
    }

    /// Metrics of which more is better.
    static func isMaximized(_ metric: String) -> Bool {
        let name = metric.split(separator: "@").first.map(String.init) ?? metric
        return ["auc", "aucpr", "pre", "ndcg", "map"].contains(name)
    }
}
