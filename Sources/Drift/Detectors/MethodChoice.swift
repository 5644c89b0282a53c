import Statistics

/// Evidently's choice of a method by kind and size of the reference.
enum MethodChoice {
    /// References with more values are compared by distances, because every test of so many values rejects.
    static let smallReference = 1_000

    /// The method of a column.
    ///
    /// - Parameters:
    ///   - kind: The column's kind.
    ///   - count: Comparable values of the reference.
    ///   - distinct: Distinct values of reference and current together; more than 5 are all alike.
    /// - Returns: The method.
    static func automatic(_ kind: ColumnKind, count: Int, distinct: Int) -> DetectorKind {
        let isSmall = count <= smallReference
        switch kind {
        case .text: return isSmall ? .textAgainstChance : .textAgainstScore
        case .numeric where distinct > 5: return .univariate(isSmall ? .kolmogorovSmirnov : .wasserstein)
        case .numeric, .categorical:
            guard isSmall else { return .univariate(.jensenShannon) }
            return .univariate(distinct > 2 ? .chiSquaredOneWay : .twoProportions)
        }
    }
}
