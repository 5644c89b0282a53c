/// A checked model, ready to walk.
struct LoadedTrees {
    var featureCount: Int
    var objective: String
    var featureNames: [String]
    var link: TreeLink
    /// The sums before the first tree.
    var start: [Double]
    /// What the sums are divided by in the end.
    var divisor = 1.0
    /// What is added after that; empty for nothing.
    var offsets: [Float] = []
    var forest: TreeForest
}
