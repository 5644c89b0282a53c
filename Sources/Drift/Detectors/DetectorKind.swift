package import Statistics

/// The detectors there are, by the name that specifications, reports, metrics and the API use.
package enum DetectorKind: Sendable, Hashable {
    /// A test for each column, chosen by its kind and size as Evidently does (`univariate`).
    case automatic
    /// One test or distance for every column that it can compare.
    case univariate(UnivariateMethod)
    /// Free text, told apart by a classifier, against chance (`perc_text_content_drift`); for small references.
    case textAgainstChance
    /// Free text, told apart by a classifier, against a fixed score (`abs_text_content_drift`); for large references.
    case textAgainstScore
    /// Maximum mean discrepancy of all numeric columns together (`mmd`).
    case maximumMeanDiscrepancy
    /// Least-squares density difference (`lsdd`).
    case densityDifference
    /// Multivariate energy distance (`energy`).
    case energy
    /// A classifier that tells reference from current (`domain_classifier`).
    case domainClassifier
    /// Error of reconstruction from principal components (`pca`).
    case principalComponents

    /// Whether it compares column by column.
    package var isPerColumn: Bool {
        switch self {
        case .automatic, .univariate, .textAgainstChance, .textAgainstScore: true
        default: false
        }
    }

    /// Whether it compares columns of a kind; detectors over rows take numeric ones.
    ///
    /// - Parameter column: The kind of column.
    /// - Returns: Whether such a column can be given to it.
    package func takes(_ column: ColumnKind) -> Bool {
        switch self {
        case .automatic: true
        case .univariate(let method):
            column == .numeric ? method.takesNumbers : column == .categorical && method.takesCategories
        case .textAgainstChance, .textAgainstScore: column == .text
        default: column == .numeric
        }
    }

    /// Whether its score is a p-value, which is drift below the threshold.
    package var isPValue: Bool {
        switch self {
        case .univariate(let method): method.isPValue
        case .maximumMeanDiscrepancy, .densityDifference, .energy, .domainClassifier: true
        case .automatic, .textAgainstChance, .textAgainstScore, .principalComponents: false
        }
    }
}

extension DetectorKind: RawRepresentable, CaseIterable {
    /// Every detector, the tests of columns first.
    package static var allCases: [DetectorKind] {
        [.automatic] + UnivariateMethod.allCases.map(DetectorKind.univariate)
            + [
                .textAgainstChance, .textAgainstScore, .maximumMeanDiscrepancy, .densityDifference, .energy,
                .domainClassifier, .principalComponents,
            ]
    }

    /// The detector of that name; nil for an unknown one.
    ///
    /// `auto` is another name of `univariate`, and `text_classifier` one of the classifier against chance.
    package init?(rawValue: String) {
        switch rawValue {
        case "auto":
            self = .automatic
            return
        case "text_classifier":
            self = .textAgainstChance
            return
        default: break
        }
        guard let kind = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = kind
    }

    /// The name of the detector in specifications, reports, metrics and the API.
    package var rawValue: String {
        switch self {
        case .automatic: "univariate"
        case .univariate(let method): method.rawValue
        case .textAgainstChance: "perc_text_content_drift"
        case .textAgainstScore: "abs_text_content_drift"
        case .maximumMeanDiscrepancy: "mmd"
        case .densityDifference: "lsdd"
        case .energy: "energy"
        case .domainClassifier: "domain_classifier"
        case .principalComponents: "pca"
        }
    }
}
