package import Core
package import Performance

/// A metric that is worse than it may be.
package struct PerformanceAlert: Sendable, Equatable {
    /// Whether the metric rests on labels.
    package enum Kind: String, Sendable {
        /// It does.
        case realised
        /// It is estimated from scores or features.
        case estimated
    }

    /// The metric.
    package let metric: String
    /// What it rests on.
    package let kind: Kind
    /// The version whose predictions are judged.
    package let version: Int
    /// The start of the bucket.
    package let start: Timestamp
    /// The metric's value.
    package let value: Double
    /// The bound that it is past.
    package let bound: Double

    /// An alert from its parts.
    package init(metric: String, kind: Kind, version: Int, start: Timestamp, value: Double, bound: Double) {
        self.metric = metric
        self.kind = kind
        self.version = version
        self.start = start
        self.value = value
        self.bound = bound
    }

    /// The alert for lists and records.
    package var json: JSONValue {
        [
            "metric": .string(metric), "kind": .string(kind.rawValue), "version": .int(version),
            "start_at": .integer(start.milliseconds), "value": .number(value), "threshold": .number(bound),
        ]
    }
}

/// What one version was worth during one bucket of time.
package struct PerformanceBucket: Sendable, Equatable {
    /// The version.
    package let version: Int
    /// The start of the bucket.
    package let start: Timestamp
    /// Predictions in it.
    package let rows: Int
    /// Of those, the labelled ones.
    package let labelled: Int
    /// The metrics of the labelled rows.
    package let realised: [MetricValue]
    /// The estimated metrics of all rows.
    package let estimated: [Estimate]
    /// The bounds that were applied, by metric.
    package let bounds: [String: PerformanceSpec.Bounds]
    /// Metrics past their bounds.
    package let alerts: [PerformanceAlert]
    /// Whether enough rows are there to judge realised metrics, and estimated ones.
    package let isJudged: (realised: Bool, estimated: Bool)

    package static func == (left: PerformanceBucket, right: PerformanceBucket) -> Bool { left.json == right.json }

    /// The bucket for the API and the database.
    package var json: JSONValue {
        let bounds = bounds.sorted { $0.key < $1.key }.map { name, bounds in
            (name, ["lower": .optional(bounds.minimum), "upper": .optional(bounds.maximum)] as JSONValue)
        }
        return [
            "version": .int(version), "start_at": .integer(start.milliseconds), "rows": .int(rows),
            "labelled": .int(labelled), "realised": realised.json, "estimated": estimated.json,
            "thresholds": .object(JSONObject(bounds)), "alerts": .array(alerts.map(\.json)),
            "judged": ["realised": .bool(isJudged.realised), "estimated": .bool(isJudged.estimated)],
        ]
    }
}

/// What a monitor says of performance.
package struct PerformanceVerdict: Sendable, Equatable {
    /// Whether a metric is worse than it may be; nil when no bucket has enough rows.
    package let isAlerting: Bool?
    /// The metrics that are, in the newest judged bucket of each version.
    package let alerts: [PerformanceAlert]
    /// The same for a person.
    package let message: String
    /// When it was found.
    package let at: Timestamp

    /// A verdict from its parts.
    package init(isAlerting: Bool?, alerts: [PerformanceAlert], message: String, at: Timestamp) {
        self.isAlerting = isAlerting
        self.alerts = alerts
        self.message = message
        self.at = at
    }

    /// The verdict for the API.
    package var json: JSONValue {
        [
            "alerting": isAlerting.map(JSONValue.bool) ?? .null, "message": .string(message),
            "alerts": .array(alerts.map(\.json)), "evaluated_at": .integer(at.milliseconds),
        ]
    }
}
