/// What an XGBoost objective does to margins after the trees.
struct XGBoostObjective {
    let link: TreeLink

    /// The objective of that name; nil for one that only the library knows.
    init?(_ name: String) {
        switch name {
        case "binary:logistic", "reg:logistic": link = .logistic
        case "binary:hinge": link = .hinge
        case "multi:softprob": link = .softmax
        case "multi:softmax": link = .largest
        case "reg:gamma", "reg:tweedie", "count:poisson", "survival:cox", "survival:aft": link = .exponential
        case "binary:logitraw", "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror",
            "reg:absoluteerror", "reg:quantileerror", "rank:pairwise", "rank:ndcg", "rank:map":
            link = .identity
        default: return nil
        }
    }

    /// Whether the model must say how many classes there are.
    var hasClasses: Bool { link == .softmax || link == .largest }
}
