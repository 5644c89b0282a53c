/// One attempt of a study: values for the parameters and, when it has ended, how good they were.
package struct Trial: Sendable, Equatable {
    /// Where a trial is.
    package enum State: String, Sendable, CaseIterable {
        /// It was put in line by hand and waits to be asked for.
        case waiting
        case running
        case complete
        /// It was ended early because others were better at the same step.
        case pruned
        case failed

        /// Whether it has ended.
        package var hasEnded: Bool { self == .complete || self == .pruned || self == .failed }
    }

    /// A value on the way, after a step.
    package struct Report: Sendable, Equatable {
        /// The step, from 0.
        package let step: Int
        /// The objective's value; NaN when it could not be computed.
        package let value: Double

        /// Makes a report.
        package init(step: Int, value: Double) {
            self.step = step
            self.value = value
        }
    }

    /// Counts from 0 in the study.
    package let number: Int
    /// One number a parameter, in the order of the search space; NaN where the parameter does not exist.
    package var values: [Double]
    /// Where it is.
    package var state: State
    /// The objectives of a complete trial, in the study's order.
    package var objectives: [Double]
    /// Decides between trials with equal objectives; more is better.
    package var tieBreak: Double
    /// Values on the way, by step.
    package var reports: [Report]
    /// What it had when it passed each rung of successive halving.
    package var rungs: [Double]
    /// The generation of an evolutionary sampler that it belongs to.
    package var generation: Int?
    /// Its place among the trials that have ended, from 0 in the order of ending; nil before.
    package var ending: Int?

    /// Makes a trial.
    package init(
        number: Int,
        values: [Double],
        state: State = .running,
        objectives: [Double] = [],
        tieBreak: Double = 0,
        reports: [Report] = [],
        rungs: [Double] = [],
        generation: Int? = nil,
        ending: Int? = nil
    ) {
        self.number = number
        self.values = values
        self.state = state
        self.objectives = objectives
        self.tieBreak = tieBreak
        self.reports = reports
        self.rungs = rungs
        self.generation = generation
        self.ending = ending
    }

    /// The last report.
    package var lastReport: Report? { reports.last }

    /// Adds a report in its place; the first of a step stays.
    ///
    /// - Returns: whether it was new.
    @discardableResult
    package mutating func add(_ report: Report) -> Bool {
        let place = reports.lastIndex { $0.step <= report.step }
        if let place, reports[place].step == report.step { return false }
        reports.insert(report, at: place.map { $0 + 1 } ?? 0)
        return true
    }
}
