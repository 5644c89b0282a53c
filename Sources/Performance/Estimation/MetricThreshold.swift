package import Core

/// The bounds that a metric keeps on the reference: the mean over its chunks and three standard deviations either way.
package struct MetricThreshold: Sendable, Equatable {
    /// The mean over the reference's chunks.
    package let mean: Double
    /// The standard deviation over the reference's chunks.
    package let deviation: Double
    /// The bound below; nil when there is none.
    package let lower: Double?
    /// The bound above; nil when there is none.
    package let upper: Double?

    /// How many standard deviations the bounds are off the mean.
    package static let width = 3.0

    /// Bounds from the metric's values on the chunks of the reference; nil with fewer than two values.
    ///
    /// - Parameters:
    ///   - values: the metric on each chunk, nil where it is undefined.
    ///   - range: what the metric can be; bounds outside are moved to its ends.
    package init?(_ values: [Double?], in range: ClosedRange<Double>) {
        let known = values.compactMap(\.self)
        guard known.count > 1 else { return nil }
        mean = Sums.mean(known)
        deviation = Sums.variance(known).squareRoot()
        guard mean.isFinite, deviation.isFinite else { return nil }
        lower = max(range.lowerBound, mean - Self.width * deviation)
        upper = min(range.upperBound, mean + Self.width * deviation)
    }

    /// Whether a value is out of bounds.
    package func isOutside(_ value: Double) -> Bool {
        lower.map { value < $0 } ?? false || upper.map { value > $0 } ?? false
    }
}

/// A metric as it is estimated without labels.
package struct Estimate: Sendable, Equatable {
    /// The metric's name.
    package let metric: String
    /// The estimate; nil when the rows do not determine it.
    package let value: Double?
    /// The standard error that comes from the number of rows; nil when the reference does not determine it.
    package let samplingError: Double?
    /// The estimate minus three sampling errors, within what the metric can be.
    package let lower: Double?
    /// The estimate plus three sampling errors, within what the metric can be.
    package let upper: Double?
    /// The bounds that the reference set; nil with fewer than two chunks of it.
    package let threshold: MetricThreshold?
    /// Whether the estimate is outside the bounds; nil without estimate or bounds.
    package let alert: Bool?
    /// How many rows the estimate rests on.
    package let count: Int
    /// Why there is no value, for a person.
    package let reason: String?

    init(
        _ metric: String,
        _ value: Double?,
        error: Double?,
        threshold: MetricThreshold?,
        in range: ClosedRange<Double>,
        count: Int,
        because reason: String = "no row has a prediction with a score"
    ) {
        let known = value.flatMap { $0.isFinite ? $0 : nil }
        self.metric = metric
        self.value = known
        self.threshold = threshold
        self.count = count
        self.reason = known == nil ? "insufficient data: \(reason)" : nil
        samplingError = known == nil ? nil : error.flatMap { $0.isFinite ? $0 : nil }
        alert = known.flatMap { value in threshold.map { $0.isOutside(value) } }
        guard let known, let samplingError else {
            (lower, upper) = (nil, nil)
            return
        }
        lower = max(range.lowerBound, known - MetricThreshold.width * samplingError)
        upper = min(range.upperBound, known + MetricThreshold.width * samplingError)
    }

    /// The estimate with its errors and bounds, the empty ones left out.
    package var json: JSONValue {
        var object: JSONObject = ["value": .optional(value), "count": .int(count)]
        if let samplingError { object["sampling_error"] = .number(samplingError) }
        if let lower { object["lower_confidence_boundary"] = .number(lower) }
        if let upper { object["upper_confidence_boundary"] = .number(upper) }
        if let lower = threshold?.lower { object["lower_threshold"] = .number(lower) }
        if let upper = threshold?.upper { object["upper_threshold"] = .number(upper) }
        if let alert { object["alert"] = .bool(alert) }
        if let reason { object["reason"] = .string(reason) }
        return .object(object)
    }
}

extension [Estimate] {
    /// The estimate of that metric.
    package subscript(_ metric: String) -> Estimate? { first { $0.metric == metric } }

    /// The estimates as an object by metric.
    package var json: JSONValue { .object(JSONObject(map { ($0.metric, $0.json) })) }
}
