package import Core

/// What one version did by one arm during one hour: kept in the transaction of the rows and labels it counts, so that it
/// is right after any order of their arrival.
package struct LedgerHour: Sendable, Equatable {
    /// The deployment.
    package var deployment: String
    /// The version.
    package var version: Int
    /// Start of the hour in which the predictions were answered.
    package var hour: Timestamp
    /// How the version was chosen.
    package var arm: LedgerArm
    /// Rows that were served, whether kept or not.
    package var predictions: Int64 = 0
    /// Of those, the rows that were written to the ledger.
    package var kept: Int64 = 0
    /// Of these, the ones with a label.
    package var labelled: Int64 = 0
    /// Of these, the ones that were right.
    package var correct: Int64 = 0
    /// Labelled rows whose prediction and label are both numbers.
    package var measured: Int64 = 0
    /// Of these: the sum of distances between prediction and label.
    package var absoluteError = ExactSum()
    /// Of these: the sum of squared distances.
    package var squaredError = ExactSum()
    /// The sum of the model's times for the served rows, in microseconds.
    package var microseconds: Int64 = 0
    /// Served rows that were answered while the monitor saw drift.
    package var drifted: Int64 = 0

    /// Makes an hour without anything in it.
    package init(deployment: String, version: Int, hour: Timestamp, arm: LedgerArm) {
        self.deployment = deployment
        self.version = version
        self.hour = hour
        self.arm = arm
    }

    /// The share of right ones among the labelled; nil without labels.
    package var accuracy: Double? { labelled == 0 ? nil : Double(correct) / Double(labelled) }

    /// The mean distance of prediction and label; nil when there are none to compare.
    package var meanAbsoluteError: Double? { measured == 0 ? nil : absoluteError.value / Double(measured) }

    /// The mean squared distance of prediction and label; nil when there are none to compare.
    package var meanSquaredError: Double? { measured == 0 ? nil : squaredError.value / Double(measured) }
}
