package import Core

/// The `performance` section of a monitor: how predictions are judged when their labels come, and before.
package struct PerformanceSpec: Sendable, Equatable {
    /// Bounds that somebody set.
    package struct Bounds: Sendable, Equatable {
        /// The least value that is good.
        package let minimum: Double?
        /// The largest value that is good.
        package let maximum: Double?
    }

    /// The length of a bucket of time, each judged by itself.
    package let bucket: Duration
    /// Rows that a bucket must hold before it can alert.
    package let minimum: Int
    /// The least time between two evaluations.
    package let interval: Duration
    /// How late labels may be; older buckets stay as they were judged last.
    package let late: Duration
    /// Labelled rows that make the reference, where the model version brings none.
    package let referenceRows: Int
    /// Whether metrics are estimated where labels are missing.
    package let estimates: Bool
    /// The metrics that alert; empty for the usual ones.
    package let metrics: [String]
    /// Bounds that somebody set, by metric; the others come from the reference.
    package let thresholds: [String: Bounds]
    /// Columns by whose values performance is shown.
    package let segments: [String]

    private static let keys = [
        "bucket", "minimum", "interval", "late", "reference_rows", "estimates", "metrics", "thresholds", "segments",
    ]

    /// Reads the section; unknown keys are errors.
    ///
    /// Keys: `bucket` (1h), `minimum` (30), `interval` (1m), `late` (1d), `reference_rows` (300), `estimates` (true),
    /// `metrics` (accuracy, f1 and roc_auc, or mae and rmse), `thresholds` (`{accuracy: {min: 0.9}}`), `segments`.
    ///
    /// - Throws: `invalidArgument` naming the key.
    package init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(Self.keys)
        let limits = (
            bucket: Duration.seconds(MonitoredPerformanceLimits.bucketSeconds),
            late: Duration.seconds(MonitoredPerformanceLimits.lateSeconds)
        )
        bucket = try Self.duration(fields, "bucket", .seconds(3_600), .seconds(1)...limits.bucket)
        interval = try Self.duration(fields, "interval", .seconds(60), .milliseconds(100) ... .seconds(86_400))
        late = try Self.duration(fields, "late", .seconds(86_400), .seconds(1)...limits.late)
        minimum = Int(try fields.optionalInt("minimum", in: 2...Int64(MonitoredPerformanceLimits.rows)) ?? 30)
        let rows = 20...Int64(MonitoredPerformanceLimits.referenceRows)
        referenceRows = Int(try fields.optionalInt("reference_rows", in: rows) ?? 300)
        estimates = try fields.optionalBool("estimates") ?? true
        metrics = try Self.names(fields, "metrics", atMost: MonitoredPerformanceLimits.metrics)
        for name in metrics { try Self.check(name, fields, "metrics") }
        segments = try Self.names(fields, "segments", atMost: MonitoredPerformanceLimits.segmentColumns)
        var thresholds: [String: Bounds] = [:]
        if let section = try fields.optionalFields("thresholds") {
            for name in try fields.optionalObject("thresholds")?.keys ?? [] {
                try Self.check(name, fields, "thresholds")
                let bounds = try section.fields(name)
                try bounds.rejectUnknown(["min", "max"])
                let (low, high) = (try bounds.optionalDouble("min"), try bounds.optionalDouble("max"))
                guard low != nil || high != nil, (low ?? -.infinity) <= (high ?? .infinity) else {
                    throw section.invalid(name, "must have 'min', 'max' or both, the first not above the second")
                }
                thresholds[name] = Bounds(minimum: low, maximum: high)
            }
        }
        self.thresholds = thresholds
    }

    private static func duration(
        _ fields: JSONFields,
        _ key: String,
        _ fallback: Duration,
        _ range: ClosedRange<Duration>
    ) throws(MartletError) -> Duration {
        let value = try fields.optionalDuration(key) ?? fallback
        guard range.contains(value) else {
            throw fields.invalid(key, "must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    private static func names(_ fields: JSONFields, _ key: String, atMost limit: Int) throws(MartletError) -> [String] {
        guard fields.value(key) != nil else { return [] }
        let names = try fields.strings(key)
        guard names.count <= limit else { throw fields.invalid(key, "must name at most \(limit)") }
        return names
    }

    private static func check(_ name: String, _ fields: JSONFields, _ key: String) throws(MartletError) {
        guard MetricDirection(of: name) != nil else {
            let known = MetricDirection.names.joined(separator: ", ")
            throw fields.invalid(key, "names '\(name.prefix(64))', which is not computed; there are \(known)")
        }
    }

    /// The section as it would be written, every default filled in; parsing it gives the same value.
    package var json: JSONValue {
        let bounds = thresholds.sorted { $0.key < $1.key }.map { name, bounds in
            var object = JSONObject()
            if let minimum = bounds.minimum { object["min"] = .number(minimum) }
            if let maximum = bounds.maximum { object["max"] = .number(maximum) }
            return (name, JSONValue.object(object))
        }
        return [
            "bucket": .number(bucket / .seconds(1)), "minimum": .int(minimum),
            "interval": .number(interval / .seconds(1)), "late": .number(late / .seconds(1)),
            "reference_rows": .int(referenceRows), "estimates": .bool(estimates),
            "metrics": .array(metrics.map(JSONValue.string)), "thresholds": .object(JSONObject(bounds)),
            "segments": .array(segments.map(JSONValue.string)),
        ]
    }
}

/// Which way a metric gets worse.
package enum MetricDirection: Sendable, Equatable {
    /// Less is worse.
    case higherIsBetter
    /// More is worse.
    case lowerIsBetter
    /// Either way off the reference is worse.
    case either

    private static let higher = [
        "accuracy", "balanced_accuracy", "precision", "recall", "f1", "specificity", "mcc", "roc_auc",
        "average_precision", "r2", "explained_variance",
    ]
    private static let lower = [
        "log_loss", "brier", "ece", "mae", "mse", "rmse", "mape", "msle", "rmsle", "median_absolute_error", "max_error",
    ]

    /// The metrics that a monitor can judge.
    static let names = higher + lower + ["mean_error"]

    /// The direction of a metric by name; nil for one that is not judged.
    package init?(of metric: String) {
        if Self.higher.contains(metric) {
            self = .higherIsBetter
        } else if Self.lower.contains(metric) {
            self = .lowerIsBetter
        } else if metric == "mean_error" {
            self = .either
        } else {
            return nil
        }
    }

    /// What a metric of this direction can be.
    static func range(of metric: String) -> ClosedRange<Double> {
        switch metric {
        case "mcc": -1...1
        case "r2", "explained_variance": -Double.infinity...1
        case "mean_error": -Double.infinity ... .infinity
        default: MetricDirection(of: metric) == .higherIsBetter || metric == "ece" ? 0...1 : 0 ... .infinity
        }
    }
}
