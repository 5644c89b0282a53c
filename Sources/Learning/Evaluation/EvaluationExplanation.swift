import Core
import Plots
import Runtimes

/// What moved a model's answers about test rows: SHAP values drawn and as numbers.
enum EvaluationExplanation {
    /// The files by name; none for a model without exact values.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Parameters:
    ///   - path: the model's directory on this host.
    ///   - rows: the rows, of which at most `LearningLimits.explainedRows` are explained.
    /// - Returns: names and contents.
    /// - Throws: what loading the model throws.
    static func files(_ path: String, _ rows: EvaluationRows) throws -> [(name: String, bytes: [UInt8])] {
        let predictor = try ModelDirectory.open(path).loadPredictor()
        guard let model = predictor.model as? any ExplainableRuntime else { return [] }
        let shown = try rows.sample(LearningLimits.explainedRows)
        let (names, values) = try predictor.features(of: shown)
        let contributions: [Float]
        do {
            contributions = try model.contributions(values, count: shown.rowCount)
        } catch let error as MartletError where error.code == .unimplemented {
            return []
        }
        let outputs = model.marginWidth
        let explanation = try Attributions(
            featureNames: names,
            values: values,
            groups: contributions,
            outputs: outputs,
            output: outputs - 1,
            name: rows.truth.classes.last ?? (rows.columns.task == .ranking ? "score" : rows.columns.target),
            unit: rows.columns.task.isClassification ? "log-odds" : "margin"
        )
        // The row nearest to the threshold is the one worth a closer look.
        let closest =
            (0..<shown.rowCount).min { abs(explanation.margin(of: $0)) < abs(explanation.margin(of: $1)) } ?? 0
        return [
            ("importance.svg", ImportancePlot.svg(explanation)),
            ("beeswarm.svg", BeeswarmPlot.svg(explanation)),
            ("waterfall.svg", WaterfallPlot.svg(explanation, row: closest)),
            ("force.svg", ForcePlot.svg(explanation, row: closest)),
            ("dependence.svg", DependencePlot.svg(explanation, feature: explanation.ranking.first ?? 0)),
            ("shap.json", Array(explanation.json.prettyPrinted().utf8)),
        ]
    }
}
