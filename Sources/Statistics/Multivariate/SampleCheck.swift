import Core

/// What every test over rows asks of its samples.
enum SampleCheck {
    /// The complete rows of a sample, if there are at least `least` and at most `most` of them.
    ///
    /// - Throws: `failedPrecondition` or `payloadTooLarge` naming the sample.
    static func complete(
        _ sample: SampleMatrix,
        named name: String,
        least: Int = 2,
        most: Int = StatisticsLimits.kernelRows
    ) throws(MartletError) -> SampleMatrix {
        let complete = sample.completeRows
        guard complete.rows >= least else {
            throw MartletError(
                .failedPrecondition,
                "The \(name) sample has \(complete.rows) complete rows; the test needs at least \(least)."
            )
        }
        guard complete.rows <= most else {
            throw MartletError(
                .payloadTooLarge,
                "The \(name) sample has \(complete.rows) rows; the limit is \(most). Sample it first."
            )
        }
        return complete
    }

    /// Refuses a current sample with another number of features than the reference.
    static func width(of current: SampleMatrix, reference: Int) throws(MartletError) {
        guard current.columns == reference else {
            throw MartletError(
                .invalidArgument,
                "The current sample has \(current.columns) features; the reference has \(reference)."
            )
        }
    }

    /// Refuses more rows than one matrix over pairs may have.
    static func together(_ reference: Int, _ current: Int) throws(MartletError) {
        guard reference + current <= StatisticsLimits.kernelRows else {
            throw MartletError(
                .payloadTooLarge,
                "Reference and current have \(reference + current) rows together; the limit is "
                    + "\(StatisticsLimits.kernelRows)."
            )
        }
    }
}
