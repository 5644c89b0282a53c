import Core

/// The values of one column that a univariate test compares: finite numbers, or categories.
///
/// Missing values and infinities are gone already; what they mean for drift is decided elsewhere.
package enum UnivariateSample: Sendable, Equatable {
    /// Finite numbers; `areIntegers` says that the column holds whole numbers by type, which bounds a histogram's bins.
    case numbers([Double], areIntegers: Bool)
    /// Categories as text.
    case categories([String])

    /// How many values there are.
    package var count: Int {
        switch self {
        case .numbers(let values, _): values.count
        case .categories(let values): values.count
        }
    }

    /// Whether the values are numbers.
    package var isNumeric: Bool {
        switch self {
        case .numbers: true
        case .categories: false
        }
    }
}

extension UnivariateSample {
    /// The numbers, once they are known to be finite, at least one and within the limit.
    func finiteNumbers(for method: UnivariateMethod, side: String) throws(MartletError) -> [Double] {
        guard case .numbers(let values, _) = self else { throw wrongKind(for: method, side: side) }
        try checkCount(for: method, side: side)
        // A difference with itself is 0 for finite numbers only; the sum needs no branch.
        guard values.reduce(0, { $0 + ($1 - $1) }) == 0 else {
            throw MartletError(
                .invalidArgument,
                "The \(side) holds NaN or infinity; remove such values before \(method.rawValue)."
            )
        }
        return values
    }

    /// Refuses no values and more than the limit.
    func checkCount(for method: UnivariateMethod, side: String) throws(MartletError) {
        guard count > 0 else {
            throw MartletError(
                .failedPrecondition,
                "insufficient data: the \(side) has no value for \(method.rawValue)."
            )
        }
        guard count <= StatisticsLimits.columnValues else {
            throw MartletError(
                .payloadTooLarge,
                "The \(side) has \(count) values; the limit is \(StatisticsLimits.columnValues). Sample it first."
            )
        }
    }

    /// What a method answers to the other kind of value than it compares.
    func wrongKind(for method: UnivariateMethod, side: String) -> MartletError {
        MartletError(
            .invalidArgument,
            isNumeric
                ? "The method \(method.rawValue) compares categories here; the \(side) holds numbers."
                : "The method \(method.rawValue) compares numbers here; the \(side) holds text."
        )
    }
}
