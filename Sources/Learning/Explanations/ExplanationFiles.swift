package import Core
import Plots

/// The explanations that are stored with a model's evaluation.
package enum ExplanationFiles {
    /// Explains a model on rows: SHAP values where it is made of trees, permutations otherwise, partial dependence of the
    /// most important feature; as SVG and JSON.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - table: the rows with their target.
    ///   - target: the column with the truth.
    ///   - classes: the class names by number; empty for a regression.
    ///   - seed: what random choices come from.
    /// - Returns: names and bytes.
    /// - Throws: what the model throws.
    package static func make(
        _ model: ExplainedModel,
        on table: Table,
        target: String,
        classes: [String] = [],
        seed: UInt64 = 0
    ) async throws -> [(name: String, bytes: [UInt8])] {
        let explainer = ModelExplainer(model)
        let rows = try explainer.rows(table, target: target, classes: classes, limit: LearningLimits.explainedRows)
        var files: [(name: String, bytes: [UInt8])] = []
        var top = model.features.first ?? ""
        if model.exact != nil {
            let found: Attributions
            do {
                found = try await explainer.attributions(ExplanationQuery(.shap), rows)
                // The row nearest to the threshold is the one worth a closer look.
                let closest = (0..<rows.count).min { abs(found.margin(of: $0)) < abs(found.margin(of: $1)) } ?? 0
                let first = found.ranking.first ?? 0
                top = model.features[first]
                files += [
                    ("importance.svg", ImportancePlot.svg(found)), ("beeswarm.svg", BeeswarmPlot.svg(found)),
                    ("waterfall.svg", WaterfallPlot.svg(found, row: closest)),
                    ("force.svg", ForcePlot.svg(found, row: closest)),
                    ("dependence.svg", DependencePlot.svg(found, feature: first)),
                    ("shap.json", Array(found.json.prettyPrinted().utf8)),
                ]
            } catch let error as MartletError where error.code == .unimplemented {
                // The model's file lacks what exact values need; what only asks the model follows.
            }
        }
        let permuted = try await explainer.answer(ExplanationQuery(.permutation, plot: .bar, seed: seed), rows)
        files.append(("permutation.json", Array(JSONValue.object(permuted.json).prettyPrinted().utf8)))
        files.append(("permutation.svg", permuted.svg ?? []))
        let partial = try await explainer.answer(ExplanationQuery(.pdp, features: [top], plot: .pdp), rows)
        files.append(("partial-dependence.svg", partial.svg ?? []))
        return files
    }
}
