/// One attempt of a study: values for all parameters and, when it is finished, how good they were.
package struct Trial: Sendable, Equatable {
    /// How good a finished trial is, where more is better; equal values are told apart by the tie-break.
    package struct Score: Sendable, Equatable, Comparable {
        /// What the study maximises.
        package let value: Double
        /// Decides between equal values; more is better.
        package let tieBreak: Double

        /// Makes a score.
        package init(_ value: Double, tieBreak: Double = 0) {
            self.value = value
            self.tieBreak = tieBreak
        }

        package static func < (left: Score, right: Score) -> Bool {
            (left.value, left.tieBreak) < (right.value, right.tieBreak)
        }
    }

    /// Where a trial is.
    package enum State: Sendable, Equatable {
        case running
        case complete(Score)
        case failed
    }

    /// Counts from 0 in the study.
    package let number: Int
    /// One number a parameter, in the order of the search space.
    package let values: [Double]
    /// Where it is.
    package var state: State

    /// Makes a trial.
    package init(number: Int, values: [Double], state: State = .running) {
        self.number = number
        self.values = values
        self.state = state
    }

    /// The score when the trial is complete.
    package var score: Score? {
        guard case .complete(let score) = state else { return nil }
        return score
    }
}
