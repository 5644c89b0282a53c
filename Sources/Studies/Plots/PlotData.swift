import Core
import Plots
import Sampling

/// The trials that a plot shows.
struct PlotData {
    let study: StudyRecord
    let history: TrialHistory
    let wish: PlotWish
    /// Complete trials with a finite value.
    let trials: [Trial]
    /// The places of the parameters that were asked for.
    let columns: [Int]

    var space: SearchSpace { history.space }
    var objective: String { study.spec.objectives[wish.objective] }
    var direction: Direction { study.spec.directions[wish.objective] }

    init(_ study: StudyRecord, _ history: TrialHistory, _ wish: PlotWish) throws(MartletError) {
        self.study = study
        self.history = history
        self.wish = wish
        trials = history.ranking.sorted().map { history.trials[$0] }
            .filter { $0.objectives[wish.objective].isFinite }
            .suffix(StudiesLimits.plotted)
        var columns: [Int] = []
        for name in wish.params {
            guard let index = history.space.index(of: name) else {
                throw MartletError(.invalidArgument, "'params' names '\(name)', which the study does not have.")
            }
            columns.append(index)
        }
        self.columns = columns
    }

    func value(_ trial: Trial) -> Double { trial.objectives[wish.objective] }

    /// The axis of a parameter.
    func axis(_ column: Int) -> PlotAxis {
        let parameter = space.parameters[column]
        if case .choice(let words) = parameter.distribution {
            let texts = words.indices.map { parameter.distribution.text(of: Double($0)) }
            return PlotAxis(parameter.name, categories: texts)
        }
        let range = space.ranges[column]
        return PlotAxis(
            parameter.name,
            range: range.flatMap { $0.least < $0.most ? $0.least...$0.most : nil },
            isLogarithmic: range?.isLog ?? false
        )
    }

    func historyPlot() -> [UInt8] {
        var best: [PlotPoint] = []
        var least = Double.infinity
        for trial in trials {
            least = min(least, direction.loss(value(trial)))
            best.append(PlotPoint(Double(trial.number), direction.loss(least)))
        }
        return ScatterPlot(
            title: "History",
            subtitle: "\(study.name): \(trials.count) complete trials",
            x: PlotAxis("trial"),
            y: PlotAxis(objective),
            groups: [ScatterPlot.Group("trials", trials.map { PlotPoint(Double($0.number), value($0)) })],
            lines: [LinePlot.Line("best so far", best)]
        ).svg()
    }

    func slicePlot() -> [UInt8] {
        let column = columns.first ?? 0
        let shown = trials.filter { !$0.values[column].isNaN }
        return ScatterPlot(
            title: "Slice",
            subtitle: "\(study.name): \(objective) by \(space.parameters[column].name)",
            x: axis(column),
            y: PlotAxis(objective),
            groups: [
                ScatterPlot.Group(
                    "trials",
                    shown.map { PlotPoint($0.values[column], value($0)) },
                    values: shown.map { Double($0.number) }
                )
            ],
            valueName: "trial"
        ).svg()
    }

    func parallelPlot() -> [UInt8] {
        let shown = columns.isEmpty ? Array(space.parameters.indices) : columns
        return ParallelPlot(
            title: "Parallel coordinates",
            subtitle: "\(study.name): one line a trial",
            axes: shown.map(axis),
            rows: trials.map { trial in shown.map { trial.values[$0] } },
            values: trials.map(value),
            valueName: objective,
            isLowGood: direction == .minimize
        ).svg()
    }

    func intermediatePlot() -> [UInt8] {
        let reporting = history.trials.filter { !$0.reports.isEmpty }.suffix(200)
        return LinePlot(
            title: "Values on the way",
            subtitle: "\(study.name): one line a trial",
            x: PlotAxis("step"),
            y: PlotAxis(objective),
            lines: reporting.map { trial in
                LinePlot.Line(
                    "trial \(trial.number)",
                    trial.reports.map { PlotPoint(Double($0.step), $0.value) },
                    style: trial.state == .pruned ? .faint : .plain
                )
            }
        ).svg()
    }

    func paretoPlot() throws(MartletError) -> [UInt8] {
        guard history.isMultiObjective else {
            throw MartletError(.failedPrecondition, "The study '\(study.name)' has one objective, and so no front.")
        }
        let front = Set(history.bestTrials.map(\.number))
        func points(_ isOnFront: Bool) -> [PlotPoint] {
            trials.filter { front.contains($0.number) == isOnFront }.map {
                PlotPoint($0.objectives[0], $0.objectives[1])
            }
        }
        return ScatterPlot(
            title: "Pareto front",
            subtitle: "\(study.name): \(front.count) trials that no other beats in everything",
            x: PlotAxis(study.spec.objectives[0]),
            y: PlotAxis(study.spec.objectives[1]),
            groups: [ScatterPlot.Group("other trials", points(false)), ScatterPlot.Group("front", points(true))]
        ).svg()
    }
}
