import Core

/// A runtime that says exactly how much each feature moved a row's margin (SHAP values).
package protocol ExplainableRuntime: RowRuntime {
    /// Margins of a row: 1, or one for each class or target. It may differ from `outputWidth`, as when the output is the
    /// most likely class.
    var marginWidth: Int { get }

    /// The contributions of the features to the margins of `count` rows, which is before the link function.
    ///
    /// Blocks for about a millisecond a row of 100 trees; call it through `BlockingWork`.
    ///
    /// - Returns: `count × marginWidth × (featureCount + 1)` numbers; the last of each group is the base value, and a
    ///   group adds up to the margin.
    /// - Throws: `invalidArgument` when `rows` is not `count * featureCount` long; `unimplemented` when the model file
    ///   does not hold what exact values need.
    func contributions(_ rows: [Float], count: Int) throws -> [Float]

    /// How pairs of features moved the margins of `count` rows together.
    ///
    /// Blocks for about a tenth of a millisecond a row of 100 trees in Martlet's own trees and for hundreds of times as
    /// long in a library; call it through `BlockingWork`.
    ///
    /// - Returns: `count × marginWidth × (featureCount + 1)²` numbers: symmetric matrices whose rows add up to the
    ///   contributions, with the base value as the last element.
    /// - Throws: as `contributions`; `invalidArgument` past `RuntimesLimits.interactionFeatures`.
    func interactions(_ rows: [Float], count: Int) throws -> [Float]
}

extension ExplainableRuntime {
    package func interactions(_ rows: [Float], count: Int) throws -> [Float] {
        throw MartletError(
            .unimplemented,
            "The runtime '\(name)' has no interaction values; models of XGBoost and LightGBM have."
        )
    }
}
