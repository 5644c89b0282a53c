package import Core
package import Performance

/// How good one version's predictions probably are, learnt from labelled predictions of the same version.
///
/// Classes are judged by confidence (CBPE), numbers by a model of their errors (direct loss).
package struct LabelFreeEstimator: Sendable {
    /// The metric that decides: `accuracy` for classes, `mae` for numbers.
    package let metric: String
    /// Labelled predictions that were learnt from.
    package let referenceRows: Int
    private let prepared: PreparedPerformance

    /// Learns from labelled predictions.
    ///
    /// - Parameters:
    ///   - labelled: predictions of one version with their labels.
    ///   - model: what is known of the version.
    /// - Throws: `failedPrecondition` with the reason when the rows do not suffice.
    package init(labelled: [PerformanceRow], model: PerformanceModel) throws(MartletError) {
        let reading = VersionRows(labelled, model: model)
        let reference = PerformanceReference(origin: .predictions, rows: labelled, model: reading.model)
        prepared = PreparedPerformance(reference, estimates: true)
        if let reason = prepared.reason { throw MartletError(.failedPrecondition, reason) }
        metric = prepared.reference.kind == .numbers ? "mae" : "accuracy"
        referenceRows = labelled.count
    }

    /// The metric of other predictions of the version, whether or not they have labels; nil where nothing can be said.
    ///
    /// - Throws: `invalidArgument` when the rows have another shape than those that were learnt from.
    package func estimate(_ rows: [PerformanceRow]) throws(MartletError) -> Estimate? {
        try prepared.estimate(prepared.reference.with(rows)).first { $0.metric == metric }
    }
}
