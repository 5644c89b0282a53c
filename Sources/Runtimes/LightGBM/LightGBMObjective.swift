/// What a LightGBM objective does to margins after the trees, from the line in the model file.
struct LightGBMObjective {
    /// The name without its parameters.
    let name: String
    let link: TreeLink

    /// Reads such as `binary sigmoid:1`; nil for one that only the library knows.
    init?(_ line: String) {
        let parts = line.split(separator: " ").map(String.init)
        name = parts.first ?? ""
        let isSquareRoot = parts.contains("sqrt")
        switch name {
        // Without an objective the library answers the sums.
        case "", "custom", "none", "lambdarank", "rank_xendcg": link = .identity
        case "regression", "regression_l2", "regression_l1", "huber", "fair", "quantile", "mape":
            link = isSquareRoot ? .signedSquare : .identity
        case "poisson", "gamma", "tweedie": link = .exponential
        case "multiclass": link = .softmax
        case "cross_entropy": link = .sigmoid(1)
        case "cross_entropy_lambda": link = .softplus
        case "binary", "multiclassova":
            guard let steepness = Self.sigmoid(parts) else { return nil }
            link = .sigmoid(steepness)
        default: return nil
        }
    }

    private static func sigmoid(_ parts: [String]) -> Double? {
        guard let part = parts.first(where: { $0.hasPrefix("sigmoid:") }) else { return nil }
        guard let value = Double(part.dropFirst("sigmoid:".count)), value.isFinite, value > 0 else { return nil }
        return value
    }
}
