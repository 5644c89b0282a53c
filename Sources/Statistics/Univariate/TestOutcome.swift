import Core

/// The statistic of a test and its p-value.
package struct TestOutcome: Sendable, Equatable {
    /// The statistic; infinite where the samples cannot be told apart from certain difference.
    package let statistic: Double
    /// The p-value, 0 to 1.
    package let pValue: Double

    /// An outcome from its parts.
    ///
    /// - Parameters:
    ///   - statistic: The statistic.
    ///   - pValue: The p-value.
    package init(statistic: Double, pValue: Double) {
        self.statistic = statistic
        self.pValue = pValue
    }
}

extension MartletError {
    /// What a test answers when the samples are too small for it.
    static func insufficient(_ need: String, _ reference: Int, _ current: Int) -> MartletError {
        MartletError(
            .failedPrecondition,
            "insufficient data: \(need); they have \(reference) and \(current)."
        )
    }

    /// What a test answers when the values have no spread that it could compare.
    static func withoutSpread(_ what: String) -> MartletError {
        MartletError(.failedPrecondition, "insufficient data: \(what).")
    }
}
