package import Core

/// A detector as declared: which one, over which columns, with what thresholds.
package struct DetectorSpec: Sendable, Equatable {
    /// How the number of columns is corrected for.
    package enum Correction: String, Sendable, CaseIterable {
        /// Each column by its own threshold; the verdict is the share of drifted columns.
        case none
        /// Each p-value against the threshold over the number of columns; any rejection is drift.
        case bonferroni
        /// Benjamini–Hochberg: bounds the share of false alarms; any rejection is drift.
        case benjaminiHochberg = "fdr"
    }

    /// The method of one column or of one kind of column.
    package struct Method: Sendable, Equatable {
        /// The method; a per-column one.
        package var kind: DetectorKind
        /// Its bound; nil takes the specification's, then the method's own.
        package var threshold: Double?

        /// A method with its bound.
        ///
        /// - Parameters:
        ///   - kind: The method.
        ///   - threshold: Its bound; nil takes the specification's, then the method's own.
        package init(_ kind: DetectorKind, threshold: Double? = nil) {
            self.kind = kind
            self.threshold = threshold
        }
    }

    /// Which detector.
    package var kind: DetectorKind
    /// The bound of scores: a p-value or a distance; nil takes each method's own.
    package var threshold: Double?
    /// How the number of columns is corrected for; only p-values are.
    package var correction: Correction
    /// The share of drifted columns that makes the verdict drift, without a correction.
    package var driftShare = 0.5
    /// The columns to look at; empty for all that the detector can compare.
    package var columns: [String] = []
    /// Columns that are left out.
    package var ignored: [String] = []
    /// Methods by column name.
    package var methods: [String: Method] = [:]
    /// Methods by kind of column, for columns without one of their own.
    package var kindMethods: [ColumnKind: Method] = [:]
    /// Kinds of columns that the caller knows better than the rules of `ColumnKinds`.
    package var kinds: [String: ColumnKind] = [:]
    /// Permutations behind a p-value of `mmd`, `lsdd` and `energy`.
    package var permutations = 100
    /// Whether `mmd` and `energy` standardise features by the reference.
    package var standardise = true
    /// A fixed kernel width of `mmd`; nil takes the median distance between reference rows.
    package var bandwidth: Double?
    /// The share of variance that the components of `pca` keep.
    package var variance = 0.65
    /// The seed of everything random: the same tables always give the same report.
    package var seed: UInt64 = 0

    /// A specification with every default.
    ///
    /// - Parameter kind: Which detector; a named test is corrected by Bonferroni, the automatic bank not at all.
    package init(_ kind: DetectorKind = .automatic) {
        self.kind = kind
        if case .univariate = kind, kind.isPValue { correction = .bonferroni } else { correction = .none }
    }

    /// Prepares the detector over a reference.
    ///
    /// - Parameter reference: The rows that are taken as normal.
    /// - Returns: A detector that compares any number of tables.
    /// - Throws: `invalidArgument` naming a column or setting that cannot be, `failedPrecondition` for a reference that can
    ///   never support a verdict, `payloadTooLarge` past a limit.
    package func prepare(reference: Table) throws(MartletError) -> any Detector {
        guard !reference.columns.isEmpty else {
            throw MartletError(.failedPrecondition, "insufficient data: the reference has no columns.")
        }
        guard reference.rowCount > 0 else {
            throw MartletError(.failedPrecondition, "insufficient data: the reference has no rows.")
        }
        for name in columns + ignored + methods.keys.sorted() + kinds.keys.sorted() { _ = try reference.column(name) }
        let known = try ColumnKinds.infer(reference: reference, overrides: kinds)
        let names = reference.columns.map(\.name).filter { name in
            (columns.isEmpty || columns.contains(name)) && !ignored.contains(name)
        }
        if kind.isPerColumn {
            return try UnivariateBank(spec: self, reference: reference, kinds: known, names: names)
        }
        return try RowsDetector(spec: self, reference: reference, kinds: known, names: names)
    }
}
