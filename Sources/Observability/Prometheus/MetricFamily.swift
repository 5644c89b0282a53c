/// What kind of metric a name stands for.
package enum MetricKind: String, Sendable, Equatable, CaseIterable {
    case counter
    case gauge
    case histogram
    case summary
}

/// Figures that exist elsewhere and are read at each scrape, such as the length of a queue.
package struct ObservedFamily: Sendable {
    /// The metric's name; a counter's ends in `_total`.
    package let name: String
    /// What the figures are.
    package let kind: MetricKind
    /// One line for people.
    package let help: String
    /// One value per label set.
    package let samples: [Sample]

    /// One value with its labels.
    package struct Sample: Sendable {
        let labels: LabelSet
        let value: Double
        /// What follows the family's name, such as `_sum`.
        let suffix: String
        /// The upper bound of a bucket.
        let bound: String?

        /// Makes a sample.
        package init(_ value: Double, labels: [(String, String)] = []) {
            self.init(value, LabelSet(labels), suffix: "")
        }

        fileprivate init(_ value: Double, _ labels: LabelSet, suffix: String, bound: String? = nil) {
            self.labels = labels
            self.value = value
            self.suffix = suffix
            self.bound = bound
        }
    }

    /// A distribution that was counted elsewhere.
    package struct Distribution: Sendable {
        fileprivate let labels: LabelSet
        fileprivate let buckets: [(bound: Double, count: UInt64)]
        fileprivate let sum: Double
        fileprivate let count: UInt64

        /// Makes a distribution from cumulative counts at rising bounds; a summary has none.
        package init(
            labels: [(String, String)],
            buckets: [(bound: Double, count: UInt64)] = [],
            sum: Double,
            count: UInt64
        ) {
            self.labels = LabelSet(labels)
            self.buckets = buckets
            self.sum = sum
            self.count = count
        }
    }

    /// A family of histograms.
    package static func histogram(_ name: String, help: String, _ parts: [Distribution]) -> ObservedFamily {
        let samples = parts.flatMap { part in
            part.buckets.map { Sample(Double($0.count), part.labels, suffix: "_bucket", bound: $0.bound.description) }
                + [Sample(Double(part.count), part.labels, suffix: "_bucket", bound: "+Inf")] + totals(part)
        }
        return ObservedFamily(name: MetricName.metric(name), kind: .histogram, help: help, samples: samples)
    }

    /// A family of summaries without quantiles.
    package static func summary(_ name: String, help: String, _ parts: [Distribution]) -> ObservedFamily {
        ObservedFamily(name: MetricName.metric(name), kind: .summary, help: help, samples: parts.flatMap(totals))
    }

    private static func totals(_ part: Distribution) -> [Sample] {
        [
            Sample(part.sum, part.labels, suffix: "_sum"), Sample(Double(part.count), part.labels, suffix: "_count"),
        ]
    }

    /// A family of counters whose name has another server's form, without the `_total` of today.
    package static func counter(exactly name: String, help: String, _ samples: [Sample]) -> ObservedFamily {
        ObservedFamily(name: MetricName.metric(name), kind: .counter, help: help, samples: samples)
    }

    /// A family of gauges.
    package static func gauge(_ name: String, help: String, _ samples: [Sample]) -> ObservedFamily {
        ObservedFamily(name: MetricName.metric(name), kind: .gauge, help: help, samples: samples)
    }

    /// A family of counters.
    package static func counter(_ name: String, help: String, _ samples: [Sample]) -> ObservedFamily {
        ObservedFamily(name: MetricName.counter(name), kind: .counter, help: help, samples: samples)
    }
}

/// All series of one name.
struct MetricFamily {
    /// One series in the form that its kind needs.
    enum Series {
        case whole(WholeCounter)
        case fraction(FractionCounter)
        case gauge(Gauge)
        case histogram(Histogram)

        /// The object that increments go to.
        var handler: AnyObject {
            switch self {
            case .whole(let counter): counter
            case .fraction(let counter): counter
            case .gauge(let gauge): gauge
            case .histogram(let histogram): histogram
            }
        }
    }

    let kind: MetricKind
    var series: [LabelSet: Series] = [:]
}
