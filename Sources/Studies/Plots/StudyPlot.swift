package import Core
import Plots
package import Sampling

/// What a plot should show.
package struct PlotWish: Sendable, Equatable {
    /// Which objective.
    package var objective: Int
    /// Which parameters; empty for the plot's own choice.
    package var params: [String]

    /// Makes a wish.
    package init(objective: Int = 0, params: [String] = []) {
        self.objective = objective
        self.params = params
    }
}

/// The plots of a study, as SVG.
package enum StudyPlot {
    /// The plots that there are.
    package static let kinds = ["history", "slice", "parallel", "contour", "importance", "pareto", "intermediate"]

    /// Draws a plot of the last `StudiesLimits.plotted` trials.
    ///
    /// - Parameters:
    ///   - kind: which plot.
    ///   - study: the study.
    ///   - history: its trials.
    ///   - wish: which objective and parameters.
    /// - Returns: SVG.
    /// - Throws: `notFound` for an unknown plot, `invalidArgument` for an unknown parameter, `failedPrecondition` for a
    ///   plot that the study has no data for.
    @concurrent package static func draw(
        _ kind: String,
        _ study: StudyRecord,
        _ history: TrialHistory,
        _ wish: PlotWish
    ) async throws(MartletError) -> [UInt8] {
        let data = try PlotData(study, history, wish)
        switch kind.hasSuffix(".svg") ? String(kind.dropLast(4)) : kind {
        case "history": return data.historyPlot()
        case "slice": return data.slicePlot()
        case "parallel": return data.parallelPlot()
        case "contour": return try data.contourPlot()
        case "importance":
            let shares = await StudyImportance.of(history, objective: wish.objective)
            return BarPlot(
                title: "Importance of parameters",
                subtitle: "\(study.name): share of what \(data.objective) varies by, fANOVA",
                label: "share",
                bars: shares.map { BarPlot.Bar($0.name, $0.share) }
            ).svg()
        case "pareto": return try data.paretoPlot()
        case "intermediate": return data.intermediatePlot()
        default:
            throw MartletError(
                .notFound,
                "There is no plot '\(kind.prefix(40))'; there are \(kinds.joined(separator: ", "))."
            )
        }
    }
}
