import Core

/// LightGBM's parameters that training takes; what would read or write files, use the network, choose devices or change the
/// model's form is not here.
enum LightGBMParameters {
    /// Names of the number of rounds, which `TrainingSpec.rounds` says otherwise.
    static let rounds = [
        "num_iterations", "n_iter", "nrounds", "max_iter", "num_tree", "num_round", "num_trees", "num_rounds",
        "n_estimators", "num_iteration", "num_boost_round",
    ]
    static let objectiveNames = ["objective", "objective_type", "app", "application", "loss"]
    static let boostingNames = ["boosting", "boosting_type", "boost"]

    static let known =
        objectiveNames + boostingNames + [
            "bagging", "bagging_by_query", "bagging_fraction", "bagging_fraction_seed", "bagging_freq", "bagging_seed",
            "bin_construct_sample_cnt", "boost_from_average", "bundle", "cat_l2", "cat_smooth",
            "cegb_penalty_feature_coupled", "cegb_penalty_feature_lazy", "cegb_penalty_split", "cegb_tradeoff",
            "colsample_bynode", "colsample_bytree", "data_random_seed", "data_sample_strategy", "data_seed",
            "deterministic", "drop_rate", "drop_seed", "enable_bundle", "enable_sparse", "alpha", "eta", "eval_at",
            "extra_seed", "extra_tree", "extra_trees", "fair_c", "feature_fraction", "feature_fraction_bynode",
            "feature_fraction_seed", "feature_pre_filter", "force_col_wise", "force_row_wise", "hist_pool_size",
            "histogram_pool_size", "interaction_constraints", "is_enable_bundle", "is_enable_sparse", "is_sparse",
            "is_unbalance", "l1_regularization", "l2_regularization", "label_gain", "lambda", "lambda_l1", "lambda_l2",
            "lambdarank_norm", "lambdarank_position_bias_regularization", "lambdarank_truncation_level",
            "learning_rate", "map_at", "map_eval_at", "max_bin", "max_bins", "max_cat_threshold", "max_cat_to_onehot",
            "max_delta_step", "max_depth", "max_drop", "max_leaf", "max_leaf_nodes", "max_leaf_output", "max_leaves",
            "max_tree_output", "mc_method", "mc_penalty", "metric", "metric_types", "metrics", "min_child_samples",
            "min_child_weight", "min_data", "min_data_in_bin", "min_data_in_leaf", "min_data_per_group",
            "min_data_per_leaf", "min_gain_to_split", "min_hessian", "min_samples_leaf", "min_split_gain",
            "min_sum_hessian", "min_sum_hessian_in_leaf", "min_sum_hessian_per_leaf", "monotone_constraints_method",
            "monotone_constraining_method", "monotone_penalty", "monotone_splits_penalty", "ms_penalty",
            "multi_error_top_k", "ndcg_at", "ndcg_eval_at", "neg_bagging", "neg_bagging_fraction", "neg_sub_row",
            "neg_subsample", "num_grad_quant_bins", "num_leaf", "num_leaves", "objective_seed", "other_rate",
            "path_smooth", "poisson_max_delta_step", "pos_bagging", "pos_bagging_fraction", "pos_sub_row",
            "pos_subsample", "quant_train_renew_leaf", "rate_drop", "reg_alpha", "reg_lambda", "reg_sqrt",
            "scale_pos_weight", "shrinkage_rate", "sigmoid", "skip_drop", "sparse", "stochastic_rounding",
            "sub_feature", "sub_feature_bynode", "sub_row", "subsample", "subsample_for_bin", "subsample_freq",
            "top_k", "top_rate", "topk", "tweedie_variance_power", "unbalance", "unbalanced_sets", "uniform_drop",
            "use_missing", "use_quantized_grad", "xgboost_dart_mode", "zero_as_missing",
        ]

    /// The objectives of each task, the usual one first.
    static func objectives(_ task: LearningTask) -> [String] {
        switch task {
        case .binary: ["binary", "cross_entropy"]
        case .multiclass: ["multiclass", "multiclassova"]
        case .regression:
            [
                "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie",
                "regression_l2", "l1", "l2", "mae", "mse", "rmse", "mean_squared_error", "mean_absolute_error",
            ]
        case .ranking: ["lambdarank", "rank_xendcg", "xendcg"]
        }
    }

    /// Metrics of which more is better.
    static func isMaximized(_ metric: String) -> Bool {
        let name = metric.split(separator: "@").first.map(String.init) ?? metric
        return ["auc", "ndcg", "map", "average_precision", "auc_mu", "r2"].contains(name)
    }
}
